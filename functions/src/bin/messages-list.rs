//! GET /v1/chats/{id}/messages. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::messages::list::ListMessages>();
}
