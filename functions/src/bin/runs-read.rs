//! GET /v1/runs/{id}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::runs::read::ReadRun>();
}
