//! PATCH /v1/chats/{id}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::chats::update::UpdateChat>();
}
