//! GET /v1/uploads/{id}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::uploads::read::ReadUpload>();
}
