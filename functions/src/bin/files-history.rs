//! GET /v1/files/{id}/history. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::files::history::ListFileVersions>();
}
