//! GET /v1/artifacts. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::artifacts::list::ListArtifacts>();
}
