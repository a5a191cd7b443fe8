//! DELETE /v1/artifacts/{id}/media. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::media::delete::DeleteMedia>();
}
