//! Where things lie in the project's folder.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The project's folder.
#[derive(Clone)]
pub(crate) struct Project {
    root: PathBuf,
}

impl Project {
    /// Finds the project that the current directory is in.
    pub(crate) fn find() -> Result<Self> {
        let here = std::env::current_dir().context("the current directory cannot be read")?;
        here.ancestors()
            .find(|folder| folder.join("xtask/tools/requirements.txt").is_file())
            .map(|root| Self { root: root.to_owned() })
            .with_context(|| format!("{} is not inside the project: change into its folder", here.display()))
    }

    /// The folder itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path in the folder.
    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Where fetched tools are installed; may be deleted at any time.
    pub(crate) fn tools(&self) -> PathBuf {
        self.path(".tools")
    }

    /// What the local stack keeps: database, bucket, credentials, logs. Closed to other users.
    pub(crate) fn data(&self) -> Result<PathBuf> {
        private_folder(self.path("data"))
    }
}

/// Creates a folder that only its owner may enter, if it is not there.
pub(crate) fn private_folder(path: PathBuf) -> Result<PathBuf> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&path)
        .with_context(|| format!("could not create {}", path.display()))?;
    Ok(path)
}

/// Writes a file that only its owner may read, replacing it whole.
pub(crate) fn write_private(path: &Path, content: &str) -> Result<()> {
    use std::io::Write;

    let draft = path.with_extension("draft");
    let write = || {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(content.as_bytes())?;
        fs::rename(&draft, path)
    };
    write().with_context(|| format!("could not write {}", path.display()))
}

/// Deletes a folder with all it holds; that there is none is fine.
pub(crate) fn remove_folder(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("could not delete {}", path.display()))
        }
        _ => Ok(()),
    }
}
