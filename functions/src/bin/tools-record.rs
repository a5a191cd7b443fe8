//! POST /v1/tools/usage. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::tools::record::RecordToolUse>();
}
