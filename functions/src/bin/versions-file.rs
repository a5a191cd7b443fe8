//! GET /v1/artifacts/{id}/versions/{version}/files/{path+}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::versions::file::ReadFile>();
}
