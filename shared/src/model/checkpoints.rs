//! Checkpoints: a container's whole tree as it was.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Resource, Sql, from_row,
    page::{Cursor, Keyset},
    sql,
};

/// A container's whole tree as it was.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Checkpoint {
    /// Identifier.
    pub id: Uuid,
    /// The container.
    pub container_id: Uuid,
    /// What the user calls it.
    pub name: String,
    /// How many files it has.
    pub files_count: i32,
    /// Bytes of all its files.
    pub size: i64,
    /// The state it has is the one of this time.
    pub created_at: Timestamp,
}

from_row!(Checkpoint { id, container_id, name, files_count, size, created_at });

impl Resource for Checkpoint {}

impl Keyset for Checkpoint {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

/// The columns of [`Checkpoint`], to follow `select`.
pub const CHECKPOINT: &str = "
    checkpoints.id, checkpoints.container_id, checkpoints.name, checkpoints.files_count, checkpoints.size,
    checkpoints.created_at
from checkpoints
";

/// One checkpoint of a container of the caller's.
#[must_use]
pub fn select_checkpoint(container_id: Uuid, id: Uuid) -> Sql {
    sql(format!(
        "select {CHECKPOINT}
         where checkpoints.id = $2 and checkpoints.container_id = $1 and checkpoints.user_id = auth.uid()"
    ))
    .bind(container_id)
    .bind(id)
}
