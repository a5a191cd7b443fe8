//! PATCH /v1/artifacts/{id}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::artifacts::update::UpdateArtifact>();
}
