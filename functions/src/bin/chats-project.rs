//! PUT /v1/chats/{id}/project. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::chats::project::ResolveProject>();
}
