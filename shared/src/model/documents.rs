//! Documents: what projects are given to read.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::blobs::Blob;
use crate::{
    Problem, Resource, Sql,
    bucket::Bucket,
    from_row,
    page::{Cursor, Keyset},
    sql,
};

/// A document.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Document {
    /// Identifier.
    pub id: Uuid,
    /// The project that reads it; null where an import named none that exists.
    pub project_id: Option<Uuid>,
    /// What the file is called.
    pub filename: String,
    /// Its media type, as far as known.
    pub content_type: Option<String>,
    /// Where it is; null where an import found no bytes.
    pub blob: Option<Blob>,
    /// When it was added.
    pub created_at: Timestamp,
}

from_row!(Document { id, project_id, filename, content_type, blob, created_at });

impl Resource for Document {
    fn location(&self) -> Option<String> {
        Some(format!("/v1/documents/{}", self.id))
    }
}

impl Keyset for Document {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

impl Document {
    /// Makes the URL.
    pub fn sign(&mut self, bucket: &Bucket) -> Result<(), Problem> {
        self.blob.iter_mut().try_for_each(|blob| blob.sign(bucket))
    }
}

/// The columns of [`Document`], to follow `select`.
pub const DOCUMENT: &str = "
    documents.id, documents.project_id, documents.filename, documents.content_type,
    (select blob_json(blobs) from blobs where blobs.id = documents.blob_id) as blob,
    documents.created_at
from documents
";

/// One document of the caller's, unless its project is deleted.
#[must_use]
pub fn select_document(id: Uuid) -> Sql {
    sql(format!(
        "select {DOCUMENT}
         where documents.id = $1
           and documents.user_id = auth.uid()
           and not exists (select from projects where projects.id = documents.project_id and projects.status = 'deleted')"
    ))
    .bind(id)
}
