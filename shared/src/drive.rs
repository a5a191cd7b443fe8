//! Google Drive: what is sent there, and what is learned of it. docs/drive.md tells the whole of it.

mod client;
mod content;
mod export;
mod sync;
pub mod worker;
mod zip;

use uuid::Uuid;

use client::Metadata;
pub use client::{Failure, Grant};

use crate::{
    Problem,
    config::DriveConfig,
    https::{self, HttpsClient},
    seal::{SealError, Sealed},
};

/// What must be granted: to make files, and to see those that we made. Nothing of what else lies in a Drive.
pub const SCOPE: &str = "https://www.googleapis.com/auth/drive.file";

/// A broader grant, which will do.
const ALL: &str = "https://www.googleapis.com/auth/drive";

/// What refresh tokens are sealed for.
const TOKEN: &str = "drive token";

/// Bytes that an export of several files may have at most, so that their archive needs no extension of its format.
pub const ARCHIVE_LIMIT: i64 = 2 * 1024 * 1024 * 1024;

/// Exports of a user that may be under way at once.
pub const EXPORTS_LIMIT: i64 = 100;

/// Google Drive, as one service reaches it.
pub struct Drive {
    config: DriveConfig,
    http: HttpsClient<http_body_util::Full<bytes::Bytes>>,
}

impl Drive {
    /// Makes the client; nothing is called yet.
    #[must_use]
    pub fn new(config: DriveConfig) -> Self {
        Self { config, http: https::client() }
    }

    /// Seals a refresh token for the database.
    pub fn seal_token(&self, user_id: Uuid, token: &str) -> Result<Sealed, Problem> {
        self.config.keys.seal(TOKEN, user_id, token)
    }

    fn open_token(&self, user_id: Uuid, sealed: &Sealed) -> Result<String, SealError> {
        self.config.keys.open(TOKEN, user_id, sealed)
    }
}

/// Whether a granted scope is enough.
#[must_use]
pub fn is_enough(scope: &str) -> bool {
    scope.split_ascii_whitespace().any(|granted| granted == SCOPE || granted == ALL)
}
