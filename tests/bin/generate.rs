//! Writes what is derived from the list of endpoints: `cargo xtask generate`.

use std::fs;

use harness::projections::{leftovers, projections, root};

fn main() -> std::io::Result<()> {
    let mut written = 0;
    for projection in projections() {
        let path = root().join(&projection.path);
        if fs::read_to_string(&path).is_ok_and(|present| present == projection.content) {
            continue;
        }
        fs::create_dir_all(path.parent().expect("a file lies in a folder"))?;
        fs::write(&path, projection.content)?;
        println!("wrote {}", projection.path);
        written += 1;
    }
    for path in leftovers() {
        println!("removed {}", path.display());
        fs::remove_file(path)?;
        written += 1;
    }
    if written == 0 {
        println!("everything was up to date");
    }
    Ok(())
}
