//! POST /v1/runs/{id}/records. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::records::create::CreateRecord>();
}
