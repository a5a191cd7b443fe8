//! DELETE /v1/drive/files/{id}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::drive::delete::DeleteDriveFile>();
}
