//! GET /v1/files/{id}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::files::read::ReadContainerFile>();
}
