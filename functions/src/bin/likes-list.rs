//! GET /v1/artifacts/{id}/likes. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::likes::list::ListLikes>();
}
