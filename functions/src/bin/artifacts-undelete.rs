//! POST /v1/artifacts/{id}/undelete. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::artifacts::undelete::UndeleteArtifact>();
}
