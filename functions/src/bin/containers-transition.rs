//! POST /v1/containers/{id}/transitions. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::containers::transition::TransitionContainer>();
}
