//! DELETE /v1/drive/connection. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::drive::delete_connection::DisconnectDrive>();
}
