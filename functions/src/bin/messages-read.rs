//! GET /v1/messages/{id}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::messages::read::ReadMessage>();
}
