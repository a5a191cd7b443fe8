//! GET /v1/containers/{id}/checkpoints. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::checkpoints::list::ListCheckpoints>();
}
