//! GET /v1/shared/{token}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::shares::open::OpenShare>();
}
