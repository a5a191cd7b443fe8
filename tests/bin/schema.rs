//! Writes docs/schema.md: `cargo xtask schema`.

use std::fs;

use harness::{
    projections::root,
    schema::{PATH, render},
};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    fs::write(root().join(PATH), render().await)?;
    println!("wrote {PATH}");
    Ok(())
}
