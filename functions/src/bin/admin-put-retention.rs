//! PUT /v1/admin/retention. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::admin::put_retention::PutRetention>();
}
