//! DELETE /v1/items/{id}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::items::delete::DeleteItem>();
}
