//! POST /v1/containers/{id}/checkpoints/{checkpoint}/restore. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::checkpoints::restore::RestoreCheckpoint>();
}
