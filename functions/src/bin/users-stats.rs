//! GET /v1/users/me/stats. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::users::stats::ReadUserStats>();
}
