//! POST /v1/uploads/{id}/complete. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::uploads::complete::CompleteUpload>();
}
