//! PUT /v1/containers/{id}/files. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::files::put::PutFile>();
}
