//! POST /v1/uploads. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::uploads::create::CreateUpload>();
}
