//! GET /v1/chats/{id}/export. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::chats::export::ExportChat>();
}
