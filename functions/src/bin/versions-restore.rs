//! POST /v1/artifacts/{id}/versions/{version}/restore. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::versions::restore::RestoreVersion>();
}
