//! Comments: what people say about an artifact, and answer each other.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::{
    artifacts::VISIBLE,
    profiles::{Owner, owner, owner_joins},
};
use crate::{
    Problem, Resource, Sql,
    bucket::Bucket,
    from_row,
    page::{Cursor, Keyset},
    sql,
};

/// A comment on an artifact; without author and body once it is removed, where others have answered.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Comment {
    /// Identifier.
    pub id: Uuid,
    /// The artifact it is about.
    pub artifact_id: Uuid,
    /// The comment it answers; null for one about the artifact itself.
    pub parent_id: Option<Uuid>,
    /// Who wrote it.
    pub author: Option<Owner>,
    /// What it says.
    pub body: Option<String>,
    /// How many answer it, the answers to these not counted.
    pub replies_count: i64,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was removed.
    pub deleted_at: Option<Timestamp>,
    /// Number of changes.
    #[serde(skip)]
    #[schemars(skip)]
    pub revision: i64,
}

from_row!(Comment {
    id,
    artifact_id,
    parent_id,
    author,
    body,
    replies_count,
    created_at,
    updated_at,
    deleted_at,
    revision,
});

impl Resource for Comment {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    fn location(&self) -> Option<String> {
        Some(format!("/v1/comments/{}", self.id))
    }
}

impl Keyset for Comment {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

impl Comment {
    /// Makes the URL of its author's picture.
    pub fn sign(&mut self, bucket: &Bucket) -> Result<(), Problem> {
        self.author.iter_mut().try_for_each(|author| author.sign(bucket))
    }
}

/// The columns of [`Comment`], to follow `select`. Whoever selects also says who may see what it finds.
pub const COMMENT: &str = concat!(
    "
    artifact_comments.id, artifact_comments.artifact_id, artifact_comments.parent_id,
    case when artifact_comments.deleted_at is null then ",
    owner!(),
    " end as author,
    nullif(artifact_comments.body, '') as body,
    count_answers(artifact_comments.id) as replies_count,
    artifact_comments.created_at, artifact_comments.updated_at, artifact_comments.deleted_at, artifact_comments.revision
from artifact_comments
join profiles on profiles.user_id = artifact_comments.user_id
",
    owner_joins!(),
);

/// One comment, on an artifact that the caller may see.
#[must_use]
pub fn select_comment(id: Uuid) -> Sql {
    sql(format!(
        "select {COMMENT}
         join artifacts on artifacts.id = artifact_comments.artifact_id and {VISIBLE}
         where artifact_comments.id = $1"
    ))
    .bind(id)
}
