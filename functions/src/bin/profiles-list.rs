//! GET /v1/profiles. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::profiles::list::ListProfiles>();
}
