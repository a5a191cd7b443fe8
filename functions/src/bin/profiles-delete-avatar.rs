//! DELETE /v1/profiles/me/avatar. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::profiles::delete_avatar::DeleteAvatar>();
}
