//! GET /v1/items. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::items::list::ListItems>();
}
