//! Files of containers.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use super::{
    blobs::Blob,
    texts::{BASES, TEXT, read_text},
};
use crate::{
    FromRow, Problem, Resource, Sql,
    bucket::Bucket,
    database::{Row, RowError},
    inline_schema,
    page::{Cursor, Keyset},
    sql,
};

/// A file of a container.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ContainerFile {
    /// Identifier: a path keeps it, whatever is put there.
    pub id: Uuid,
    /// The container it is in.
    pub container_id: Uuid,
    /// Where in the container.
    pub file_path: String,
    /// The last part of the path.
    pub file_name: String,
    /// Bytes; null where an import did not say.
    pub file_size: Option<i64>,
    /// Media type; null where an import did not say.
    pub mime_type: Option<String>,
    /// Its bytes; null where an import found none.
    pub blob: Option<Blob>,
    /// Its text, where it was put as text; null where the blob has a URL instead. Absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// When there was first a file at this path.
    pub created_at: Timestamp,
    /// When it was last put.
    pub updated_at: Timestamp,
    /// Number of changes.
    #[serde(skip)]
    #[schemars(skip)]
    pub revision: i64,
}

impl FromRow for ContainerFile {
    fn from_row(row: &Row) -> Result<Self, RowError> {
        Ok(Self {
            id: row.try_get("id")?,
            container_id: row.try_get("container_id")?,
            file_path: row.try_get("file_path")?,
            file_name: row.try_get("file_name")?,
            file_size: row.try_get("file_size")?,
            mime_type: row.try_get("mime_type")?,
            blob: row.try_get("blob")?,
            content: None,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
            revision: row.try_get("revision")?,
        })
    }
}

impl Resource for ContainerFile {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

impl ContainerFile {
    /// Makes the URL.
    pub fn sign(&mut self, bucket: &Bucket) -> Result<(), Problem> {
        self.blob.iter_mut().try_for_each(|blob| blob.sign(bucket))
    }

    /// The file that [`select_file`] found, with its text.
    pub fn read(rows: &[Row], bucket: &Bucket) -> Result<Self, Problem> {
        let row = rows.first().ok_or_else(Problem::not_found)?;
        let mut file = Self::from_row(row).map_err(Problem::internal)?;
        file.sign(bucket)?;
        file.content = read_text(row)?;
        Ok(file)
    }
}

/// The columns of [`ContainerFile`] with its present bytes, to follow `select`.
pub const FILE: &str = "
    files.id, files.container_id, files.file_path, files.file_name, files.file_size, files.mime_type,
    blob_json(blobs) as blob, files.created_at, files.updated_at, files.revision
";

/// One file by a condition on `files`, for [`ContainerFile::read`].
#[must_use]
pub fn select_file(condition: &str) -> Sql {
    sql(format!(
        "select {FILE}, {TEXT}
         from files
         left join blobs on blobs.id = files.blob_id
         {BASES}
         where {condition} and files.user_id = auth.uid() and not files.is_deleted and {IN_CONTAINER}"
    ))
}

/// The condition of a file whose container is there.
pub const IN_CONTAINER: &str =
    "exists (select from containers where containers.id = files.container_id and containers.status <> 'deleted')";

/// The path where a page of files ended.
pub struct PathCursor(pub String);

impl Serialize for PathCursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for PathCursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(String::deserialize(deserializer)?).ok();
        let path = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).filter(|path| !path.contains('\0'));
        path.map(Self).ok_or_else(|| de::Error::custom("must be a next_cursor of an earlier page"))
    }
}

inline_schema!(PathCursor, {"type": "string", "examples": ["c3JjL2Nsb2NrLmpz"]});

/// A content that a file has or had.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FileVersion {
    /// Identifier; `GET /v1/files/{id}?version=` gives its text.
    pub id: Uuid,
    /// Bytes.
    pub file_size: Option<i64>,
    /// Media type.
    pub mime_type: Option<String>,
    /// Its bytes.
    pub blob: Option<Blob>,
    /// When it was put.
    pub created_at: Timestamp,
}

crate::from_row!(FileVersion { id, file_size, mime_type, blob, created_at });

impl Keyset for FileVersion {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}
