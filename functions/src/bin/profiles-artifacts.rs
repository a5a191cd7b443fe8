//! GET /v1/profiles/{handle}/artifacts. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::profiles::artifacts::ListProfileArtifacts>();
}
