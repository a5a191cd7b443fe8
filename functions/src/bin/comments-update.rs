//! PATCH /v1/comments/{id}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::comments::update::UpdateComment>();
}
