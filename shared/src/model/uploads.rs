//! Uploads: declared here, sent to the bucket by the client, verified here.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::blobs::Blob;
use crate::{
    Problem, Resource, Sql,
    bucket::{Bucket, SignedPart},
    from_row, sql,
    text::Sha256,
};

/// Bytes that one PUT carries at most; above, the upload is made in parts of [`PART_SIZE`].
pub const SINGLE_PUT_LIMIT: i64 = 16 * 1024 * 1024;

/// Bytes of every part but the last. S3 asks for 5 MiB at least.
pub const PART_SIZE: i64 = 8 * 1024 * 1024;

/// How long an upload can be resumed.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What an upload is for; it decides what is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A profile's picture: an image of at most 5 MiB.
    Avatar,
    /// An artifact's picture: an image of at most 10 MiB.
    Screenshot,
    /// A file of an artifact's version.
    ArtifactFile,
    /// Something attached to a message.
    Attachment,
    /// A project's document.
    Document,
    /// A sandbox's file.
    File,
}

impl Purpose {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Avatar => "avatar",
            Self::Screenshot => "screenshot",
            Self::ArtifactFile => "artifact_file",
            Self::Attachment => "attachment",
            Self::Document => "document",
            Self::File => "file",
        }
    }

    /// Whether it must be a picture that we can decode.
    #[must_use]
    pub fn is_image(self) -> bool {
        matches!(self, Self::Avatar | Self::Screenshot)
    }

    /// Bytes at most. The largest is what can be hashed within the gateway's 30 seconds.
    #[must_use]
    pub fn max_size(self) -> i64 {
        match self {
            Self::Avatar => 5 * 1024 * 1024,
            Self::Screenshot => 10 * 1024 * 1024,
            _ => 512 * 1024 * 1024,
        }
    }
}

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Declared; bytes are missing, or not yet verified.
    Pending,
    /// Verified: the blob can be used.
    Ready,
}

/// An upload, and what the client has to do for it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Upload {
    /// Identifier.
    pub id: Uuid,
    /// How far it is.
    pub state: State,
    /// Until when it can be resumed.
    pub expires_at: Timestamp,
    /// The bytes, once they are verified.
    pub blob: Option<Blob>,
    /// What is still to be sent, each with one PUT. Then complete the upload.
    pub parts: Vec<SignedPart>,
}

impl Resource for Upload {
    fn location(&self) -> Option<String> {
        Some(format!("/v1/uploads/{}", self.id))
    }
}

/// A row of `uploads`.
#[derive(Debug)]
pub struct UploadRow {
    /// Identifier.
    pub id: Uuid,
    /// The owner.
    pub user_id: Uuid,
    /// As stored.
    pub purpose: String,
    /// Media type.
    pub content_type: String,
    /// Bytes.
    pub size: i64,
    /// As declared.
    pub sha256: Sha256,
    /// The bucket's name for an upload in parts.
    pub multipart_id: Option<String>,
    /// Bytes of every part but the last.
    pub part_size: Option<i64>,
    /// Once ready.
    pub blob: Option<Blob>,
    /// Until when it can be resumed.
    pub expires_at: Timestamp,
}

from_row!(UploadRow { id, user_id, purpose, content_type, size, sha256, multipart_id, part_size, blob, expires_at });

/// The columns of [`UploadRow`], to follow `select`.
pub const UPLOAD: &str = "
    uploads.id, uploads.user_id, uploads.purpose, uploads.content_type, uploads.size, uploads.sha256,
    uploads.multipart_id, uploads.part_size, blob_json(blobs) as blob, uploads.expires_at
from uploads
left join blobs on blobs.id = uploads.blob_id
";

/// One upload of the caller's.
#[must_use]
pub fn select_upload(id: Uuid) -> Sql {
    sql(format!("select {UPLOAD} where uploads.id = $1 and uploads.user_id = auth.uid()")).bind(id)
}

impl UploadRow {
    /// Whether the bytes must be a picture.
    #[must_use]
    pub fn is_image(&self) -> bool {
        [Purpose::Avatar, Purpose::Screenshot].iter().any(|purpose| purpose.as_str() == self.purpose)
    }

    /// Where the bytes go.
    #[must_use]
    pub fn storage_key(&self) -> String {
        if self.is_image() {
            Bucket::source_key(self.user_id, &self.sha256)
        } else {
            Bucket::key(self.user_id, &self.sha256, false)
        }
    }

    /// As the client sees it, with PUTs signed for all parts but those that arrived.
    pub fn into_upload(mut self, bucket: &Bucket, arrived: &[i32]) -> Result<Upload, Problem> {
        let parts = match (&mut self.blob, self.part_size, &self.multipart_id) {
            (Some(blob), _, _) => {
                blob.sign(bucket)?;
                Vec::new()
            }
            (None, Some(part_size), Some(multipart_id)) => {
                let key = self.storage_key();
                part_sizes(self.size, part_size)
                    .filter(|(number, _)| !arrived.contains(number))
                    .map(|(number, size)| bucket.put_part(&key, multipart_id, number, size))
                    .collect::<Result<_, _>>()?
            }
            _ if arrived.is_empty() => {
                vec![bucket.put(&self.storage_key(), &self.content_type, self.size, &self.sha256)?]
            }
            _ => Vec::new(),
        };
        let state = if self.blob.is_some() { State::Ready } else { State::Pending };
        Ok(Upload { id: self.id, state, expires_at: self.expires_at, blob: self.blob, parts })
    }
}

/// Numbers and sizes of the parts.
pub fn part_sizes(size: i64, part_size: i64) -> impl Iterator<Item = (i32, i64)> {
    (1..)
        .zip((0..size).step_by(usize::try_from(part_size).unwrap_or(usize::MAX)))
        .map(move |(number, offset)| (number, part_size.min(size - offset)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up() {
        let parts: Vec<_> = part_sizes(2 * PART_SIZE + 1, PART_SIZE).collect();
        assert_eq!(parts, [(1, PART_SIZE), (2, PART_SIZE), (3, 1)]);
        assert_eq!(part_sizes(2 * PART_SIZE, PART_SIZE).map(|part| part.1).sum::<i64>(), 2 * PART_SIZE);
    }
}
