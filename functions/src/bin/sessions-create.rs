//! POST /v1/sessions. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::sessions::create::CreateSession>();
}
