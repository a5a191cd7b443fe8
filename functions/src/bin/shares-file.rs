//! GET /v1/shared/{token}/files/{path+}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::shares::file::ReadSharedFile>();
}
