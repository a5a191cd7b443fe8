//! GET /v1/messages/{id}/artifact. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::messages::read_artifact::ReadMessageArtifact>();
}
