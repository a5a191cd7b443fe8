//! POST /v1/drive/syncs. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::drive::sync::SyncDrive>();
}
