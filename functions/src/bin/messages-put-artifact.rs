//! PUT /v1/messages/{id}/artifact. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::messages::put_artifact::PutMessageArtifact>();
}
