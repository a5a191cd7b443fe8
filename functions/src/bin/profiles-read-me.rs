//! GET /v1/profiles/me. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::profiles::read_me::ReadOwnProfile>();
}
