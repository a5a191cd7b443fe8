//! GET /v1/artifacts/{id}/versions/{version}/chat. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::versions::chat::ReadVersionChat>();
}
