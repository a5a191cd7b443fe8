//! GET /v1/shared/{token}/messages. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::shares::messages::ListSharedMessages>();
}
