//! GET /v1/artifacts/{id}/diff. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::artifacts::diff::DiffArtifact>();
}
