//! GET /v1/containers. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::containers::list::ListContainers>();
}
