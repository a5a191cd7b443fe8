//! POST /v1/projects. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::projects::create::CreateProject>();
}
