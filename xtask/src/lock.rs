//! Locks between xtasks in one folder. The system releases a lock when its holder ends, however it ends, so that a
//! lock is never stale.

use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::{Context, Result};

/// A lock, held until dropped.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, or answers `None` when another process holds it.
    pub(crate) fn try_take(path: &Path) -> Result<Option<Self>> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("could not lock {}", path.display())),
        }
    }

    /// Takes the lock, waiting for another process to release it.
    pub(crate) fn take(path: &Path, whose: &str) -> Result<Self> {
        if let Some(lock) = Self::try_take(path)? {
            return Ok(lock);
        }
        eprintln!("  … waiting for {whose} in this folder to finish");
        let file = open(path)?;
        file.lock().with_context(|| format!("could not lock {}", path.display()))?;
        Ok(Self { _file: file })
    }
}

fn open(path: &Path) -> Result<File> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .with_context(|| format!("could not open {}", path.display()))
}
