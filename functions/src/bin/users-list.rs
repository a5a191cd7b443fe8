//! GET /v1/users. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::users::list::ListUsers>();
}
