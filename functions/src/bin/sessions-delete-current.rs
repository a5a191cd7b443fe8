//! DELETE /v1/sessions/current. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::sessions::delete_current::DeleteCurrentSession>();
}
