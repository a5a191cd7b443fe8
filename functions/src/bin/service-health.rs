//! GET /v1/health. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::service::health::ReadHealth>();
}
