//! Items: a user's notes.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Resource, Sql, from_row,
    page::{Cursor, Keyset},
    sql,
};

/// A note.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// Identifier.
    pub id: Uuid,
    /// Whose it is.
    pub owner_id: Uuid,
    /// What it is about.
    pub title: String,
    /// What it says.
    pub description: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Number of changes.
    #[serde(skip)]
    #[schemars(skip)]
    pub revision: i64,
}

from_row!(Item { id, owner_id, title, description, created_at, updated_at, revision });

impl Resource for Item {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    fn location(&self) -> Option<String> {
        Some(format!("/v1/items/{}", self.id))
    }
}

impl Keyset for Item {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

/// The columns of [`Item`], to follow `select`.
pub const ITEM: &str = "
    items.id, items.owner_id, items.title, items.description, items.created_at, items.updated_at, items.revision
from items
";

/// One item of the caller's.
#[must_use]
pub fn select_item(id: Uuid) -> Sql {
    sql(format!("select {ITEM} where items.id = $1 and items.owner_id = auth.uid()")).bind(id)
}
