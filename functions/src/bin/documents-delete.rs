//! DELETE /v1/documents/{id}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::documents::delete::DeleteDocument>();
}
