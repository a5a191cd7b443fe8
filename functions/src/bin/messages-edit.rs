//! POST /v1/messages/{id}/edits. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::messages::edit::EditMessage>();
}
