//! PATCH /v1/containers/{id}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::containers::update::UpdateContainer>();
}
