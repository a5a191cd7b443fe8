//! POST /v1/projects/{id}/documents. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::documents::create::CreateDocument>();
}
