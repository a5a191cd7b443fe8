//! POST /v1/messages/{id}/attachments. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::attachments::create::CreateAttachment>();
}
