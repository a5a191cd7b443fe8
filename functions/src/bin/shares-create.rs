//! POST /v1/shares. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::shares::create::CreateShare>();
}
