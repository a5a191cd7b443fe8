//! DELETE /v1/shares/{id}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::shares::delete::DeleteShare>();
}
