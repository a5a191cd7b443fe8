//! PATCH /v1/users/{id}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::users::administer::AdministerUser>();
}
