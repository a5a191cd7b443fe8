//! POST /v1/chats/imports. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::chats::import::ImportChats>();
}
