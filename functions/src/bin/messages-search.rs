//! GET /v1/messages/search. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::messages::search::SearchMessages>();
}
