//! GET /v1/projects/{id}/runs. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::runs::list::ListRuns>();
}
