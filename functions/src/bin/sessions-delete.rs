//! DELETE /v1/sessions/{id}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::sessions::delete::DeleteSession>();
}
