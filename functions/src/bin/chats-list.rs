//! GET /v1/chats. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::chats::list::ListChats>();
}
