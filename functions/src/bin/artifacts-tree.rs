//! GET /v1/artifacts/{id}/tree. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::artifacts::tree::ListTree>();
}
