//! POST /v1/artifacts/{id}/merges. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::merges::create::CreateMerge>();
}
