//! GET /v1/admin/stats. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::admin::stats::ReadAdminStats>();
}
