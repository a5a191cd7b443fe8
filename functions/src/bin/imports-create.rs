//! POST /v1/artifacts/{id}/imports. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::imports::create::CreateImport>();
}
