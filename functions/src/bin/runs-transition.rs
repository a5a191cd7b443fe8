//! POST /v1/runs/{id}/transitions. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::runs::transition::TransitionRun>();
}
