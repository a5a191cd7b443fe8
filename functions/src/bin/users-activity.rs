//! GET /v1/users/me/activity. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::users::activity::ReadUserActivity>();
}
