//! GET /v1/tools/stats. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::tools::stats::ReadToolStats>();
}
