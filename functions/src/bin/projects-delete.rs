//! DELETE /v1/projects/{id}. Generated from functions/src/lib.rs by `cargo xtask generate`.

fn main() {
    shared::lambda::main::<functions::projects::delete::DeleteProject>();
}
