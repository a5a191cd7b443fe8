//! Notices when a developer saves a file that the functions are built from.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::project::Project;

/// What the functions are built from.
const WATCHED: [&str; 5] = ["functions", "shared", "migrations", "Cargo.toml", "CargoLambda.toml"];

/// The state of the sources at one time.
#[derive(PartialEq, Eq)]
pub(crate) struct Sources(Vec<(PathBuf, SystemTime)>);

impl Sources {
    /// Looks at them. A few hundred files: cheaper, and more reliable, than asking the system to tell.
    pub(crate) fn look(project: &Project) -> Self {
        let mut found = Vec::new();
        for path in WATCHED {
            collect(&project.path(path), &mut found);
        }
        found.sort();
        Self(found)
    }

    /// Whether a file below a folder differs between the two.
    pub(crate) fn differ_below(&self, other: &Self, folder: &Path) -> bool {
        let below = |sources: &Self| -> Vec<_> {
            sources.0.iter().filter(|(path, _)| path.starts_with(folder)).cloned().collect()
        };
        below(self) != below(other)
    }
}

fn collect(path: &Path, found: &mut Vec<(PathBuf, SystemTime)>) {
    let Ok(metadata) = fs::metadata(path) else {
        return;
    };
    if metadata.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries.for_each(|entry| collect(&entry.path(), found));
    } else if let Ok(modified) = metadata.modified() {
        found.push((path.to_owned(), modified));
    }
}
