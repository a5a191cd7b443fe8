//! The migrations are part of the program, which cargo must learn.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
