//! GET /v1/blobs/{sha256}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::blobs::read::ReadBlob>();
}
