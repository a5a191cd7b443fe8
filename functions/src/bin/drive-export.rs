//! POST /v1/drive/files. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::drive::export::ExportToDrive>();
}
