//! DELETE /v1/artifacts/{id}/like. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::likes::delete::DeleteLike>();
}
