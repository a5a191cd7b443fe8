//! POST /v1/artifacts/{id}/forks. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::artifacts::fork::ForkArtifact>();
}
