//! GET /v1/records/{id}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::records::read::ReadRecord>();
}
