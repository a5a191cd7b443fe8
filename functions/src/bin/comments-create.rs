//! POST /v1/artifacts/{id}/comments. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::comments::create::CreateComment>();
}
