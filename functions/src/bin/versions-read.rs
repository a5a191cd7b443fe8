//! GET /v1/artifacts/{id}/versions/{version}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::versions::read::ReadVersion>();
}
