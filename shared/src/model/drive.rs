//! Connections to Google Drive, and the files that were exported there.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    FromRow, Resource, Sql,
    database::{Row, RowError},
    from_json_column, from_row,
    page::{Cursor, Keyset},
    sql,
};

/// Whether a connection works.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// It does.
    Connected,
    /// Google no longer takes its token: the user has to connect again. What is to be done waits until then.
    NeedsConsent,
}

/// Work that was given up, and belongs to no file.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct FailedJob {
    /// What was to be done: `drive_delete` or `drive_revoke`.
    pub kind: String,
    /// Drive's identifier of the file that was to be deleted.
    #[serde(default)]
    pub drive_file_id: Option<String>,
    /// When it was given up.
    pub failed_at: Timestamp,
}

/// A list of them, as SQL builds it.
#[derive(Debug, Serialize, Deserialize)]
struct FailedJobs(Vec<FailedJob>);

from_json_column!(FailedJobs);

/// A user's connection to Google Drive. Its token is never shown.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Connection {
    /// Whether it works.
    #[schemars(with = "ConnectionState")]
    pub state: String,
    /// Whose Drive it is; null until the first sync.
    pub account_email: Option<String>,
    /// What Google says Atelier may do there.
    pub scope: String,
    /// When Drive's changes were last seen to their end; null before the first time.
    pub synced_at: Option<Timestamp>,
    /// When they are looked at next; null while that waits for consent.
    pub next_sync_at: Option<Timestamp>,
    /// What was given up in the last 30 days beside exports, newest first, at most 20.
    pub failed_jobs: Vec<FailedJob>,
    /// When Drive was first connected.
    pub created_at: Timestamp,
    /// When this last changed.
    pub updated_at: Timestamp,
}

impl FromRow for Connection {
    fn from_row(row: &Row) -> Result<Self, RowError> {
        let failed: FailedJobs = row.try_get("failed_jobs")?;
        Ok(Self {
            state: row.try_get("state")?,
            account_email: row.try_get("account_email")?,
            scope: row.try_get("scope")?,
            synced_at: row.try_get("synced_at")?,
            next_sync_at: row.try_get("next_sync_at")?,
            failed_jobs: failed.0,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

impl Resource for Connection {}

/// The caller's connection.
#[must_use]
pub fn select_connection() -> Sql {
    sql("
        select
            connections.state, connections.account_email, connections.scope, connections.synced_at,
            (select jobs.run_at
             from jobs
             where jobs.user_id = auth.uid() and jobs.kind = 'drive_sync' and jobs.state = 'queued') as next_sync_at,
            (select coalesce(
                 json_agg(
                     json_build_object('kind', failed.kind, 'drive_file_id', failed.target, 'failed_at', failed.updated_at)
                     order by failed.updated_at desc
                 ),
                 '[]'
             )
             from (
                 select jobs.kind, jobs.target, jobs.updated_at
                 from jobs
                 where jobs.user_id = auth.uid()
                   and jobs.kind in ('drive_delete', 'drive_revoke')
                   and jobs.state = 'failed'
                 order by jobs.updated_at desc
                 limit 20
             ) failed) as failed_jobs,
            connections.created_at, connections.updated_at
        from drive_connections connections
        where connections.user_id = auth.uid()
    ")
}

/// Holds the caller's jobs. Everyone locks rows in this order: jobs, connections, files.
#[must_use]
pub fn lock_jobs() -> Sql {
    sql("select id from jobs where user_id = auth.uid() order by id for update")
}

/// How an export stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DriveFileState {
    /// It has not begun.
    Queued,
    /// Drive has part of it.
    Uploading,
    /// It is in Drive; what Drive says of it was last seen at `synced_at`.
    Synced,
    /// It was in Drive, and somebody removed it there.
    Removed,
    /// It was given up; `error` says why.
    Failed,
}

impl DriveFileState {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Uploading => "uploading",
            Self::Synced => "synced",
            Self::Removed => "removed",
            Self::Failed => "failed",
        }
    }
}

/// What an export waits for, or why it was given up.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DriveError {
    /// Google does not answer as it should; it is tried again.
    DriveUnavailable,
    /// Google wants us to slow down; it is tried again.
    RateLimited,
    /// Something failed on our side; it is tried again.
    Internal,
    /// Google does not take this service's own credentials; it is tried again.
    Misconfigured,
    /// The bytes were spoiled on the way; they are sent once more.
    Corrupted,
    /// It waits until the user connects Drive again.
    NeedsConsent,
    /// Given up: the user's Drive is full.
    StorageFull,
    /// Given up: the folder is not there, or not one that Atelier may use.
    FolderNotFound,
    /// Given up: what was to be exported is gone, or was hidden.
    SourceGone,
    /// Given up: Google refuses it.
    Refused,
    /// Given up: what Drive asked about is not there.
    NotFound,
    /// Given up: what lies in Drive is not what was sent.
    ChangedInDrive,
    /// Given up: the user disconnected Drive before it was done.
    NotConnected,
    /// Given up: it was tried too often.
    GaveUp,
}

/// A file that was exported to Google Drive.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DriveFile {
    /// Identifier.
    pub id: Uuid,
    /// The artifact it is an export of.
    pub artifact_id: Option<Uuid>,
    /// Which version of the artifact.
    pub version_index: Option<i32>,
    /// The file of a sandbox that it is an export of.
    pub file_id: Option<Uuid>,
    /// Drive's identifier; null until one is drawn.
    pub drive_file_id: Option<String>,
    /// What it is called in Drive.
    pub name: String,
    /// Its media type in Drive, as far as known.
    pub mime_type: Option<String>,
    /// Bytes, as far as known.
    pub file_size: Option<i64>,
    /// Bytes that Drive has had of it so far.
    pub uploaded: i64,
    /// How it stands.
    #[schemars(with = "DriveFileState")]
    pub state: String,
    /// What it waits for, or why it was given up; null where all is well.
    #[schemars(with = "Option<DriveError>")]
    pub error: Option<String>,
    /// Whether it lies in the trash of Drive.
    pub trashed: bool,
    /// The folder in Drive that it was to go to; null for the top.
    pub folder_id: Option<String>,
    /// When this was last what Drive says; null before.
    pub synced_at: Option<Timestamp>,
    /// Where a person finds it; null while it is not there.
    pub url: Option<String>,
    /// When the export was asked for.
    pub created_at: Timestamp,
    /// When this last changed.
    pub updated_at: Timestamp,
}

from_row!(DriveFile {
    id,
    artifact_id,
    version_index,
    file_id,
    drive_file_id,
    name,
    mime_type,
    file_size,
    uploaded,
    state,
    error,
    trashed,
    folder_id,
    synced_at,
    url,
    created_at,
    updated_at,
});

impl Resource for DriveFile {
    fn location(&self) -> Option<String> {
        Some(format!("/v1/drive/files/{}", self.id))
    }
}

impl Keyset for DriveFile {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

/// The columns of [`DriveFile`], to follow `select`.
pub const DRIVE_FILE: &str = "
    drive_files.id, drive_files.artifact_id,
    (select versions.version_index from artifact_versions versions where versions.id = drive_files.version_id)
        as version_index,
    drive_files.file_id, drive_files.drive_file_id, drive_files.name, drive_files.mime_type, drive_files.file_size,
    drive_files.uploaded, drive_files.state, drive_files.error, drive_files.trashed, drive_files.folder_id,
    drive_files.synced_at,
    case when drive_files.state = 'synced' then 'https://drive.google.com/open?id=' || drive_files.drive_file_id end as url,
    drive_files.created_at, drive_files.updated_at
from drive_files
";

/// One file of the caller's.
#[must_use]
pub fn select_drive_file(id: Uuid) -> Sql {
    sql(format!("select {DRIVE_FILE} where drive_files.id = $1 and drive_files.user_id = auth.uid()")).bind(id)
}
