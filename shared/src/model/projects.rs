//! Projects: what is being built, each its owner's alone.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Resource, Sql, from_row,
    page::{Cursor, Keyset},
    sql,
};

/// What a project is for its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In use.
    Active,
    /// Kept, and read only until it is active again.
    Archived,
    /// Hidden, until it is active again.
    Deleted,
}

impl Status {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
            Self::Deleted => "deleted",
        }
    }
}

/// A project's framework where nobody says one: that of `december`.
pub const DEFAULT_TYPE: &str = "nextjs";

/// A project.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Project {
    /// Identifier.
    pub id: Uuid,
    /// Whose it is.
    pub owner_id: Uuid,
    /// What it is called.
    pub name: String,
    /// What it is, in a few words.
    pub description: Option<String>,
    /// The framework: nextjs, react, vue, …
    pub r#type: String,
    /// An archived project is read only until it is active again; a deleted one is hidden.
    #[schemars(with = "Status")]
    pub status: String,
    /// The sandbox that it runs in.
    pub container_id: Option<Uuid>,
    /// The chat that it came out of; a chat has one project.
    pub chat_id: Option<Uuid>,
    /// Whatever the client keeps with it.
    #[schemars(with = "crate::text::Object")]
    pub metadata: Value,
    /// How it is to be built, as the client understands it.
    #[schemars(with = "crate::text::Object")]
    pub settings: Value,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Number of changes.
    #[serde(skip)]
    #[schemars(skip)]
    pub revision: i64,
}

from_row!(Project {
    id,
    owner_id,
    name,
    description,
    r#type,
    status,
    container_id,
    chat_id,
    metadata,
    settings,
    created_at,
    updated_at,
    revision,
});

impl Resource for Project {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    fn location(&self) -> Option<String> {
        Some(format!("/v1/projects/{}", self.id))
    }
}

impl Keyset for Project {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

/// The columns of [`Project`], to follow `select`.
pub const PROJECT: &str = "
    projects.id, projects.owner_id, projects.name, projects.description, projects.type, projects.status,
    projects.container_id, projects.chat_id, projects.metadata, projects.settings, projects.created_at,
    projects.updated_at, projects.revision
from projects
";

/// One project of the caller's.
#[must_use]
pub fn select_project(id: Uuid) -> Sql {
    sql(format!(
        "select {PROJECT} where projects.id = $1 and projects.owner_id = auth.uid() and projects.status <> 'deleted'"
    ))
    .bind(id)
}

/// The id of a project of the caller's, for what is listed in it.
#[must_use]
pub fn select_project_id(id: Uuid) -> Sql {
    sql("select id from projects where id = $1 and owner_id = auth.uid() and status <> 'deleted'").bind(id)
}

/// Makes room for a chat's next project: one that is deleted keeps its chat, but not in another's way.
#[must_use]
pub fn release_chat(chat_id: Option<Uuid>) -> Sql {
    sql("update projects set chat_id = null where chat_id = $1 and owner_id = auth.uid() and status = 'deleted'")
        .bind(chat_id)
}

/// The condition that a project is one that the caller may name: the parameter at this place, if it is not null.
#[must_use]
pub fn project_exists(parameter: &str) -> String {
    may_name(parameter, "project_id", "projects", "projects.owner_id = auth.uid() and projects.status <> 'deleted'")
}

/// The same of a sandbox.
#[must_use]
pub fn container_exists(parameter: &str) -> String {
    may_name(
        parameter,
        "container_id",
        "containers",
        "containers.user_id = auth.uid() and containers.status <> 'deleted'",
    )
}

/// The same of a chat, whether or not it has a project: of someone else's not even that is told.
#[must_use]
pub fn chat_exists(parameter: &str) -> String {
    may_name(parameter, "chat_id", "chats", "chats.user_id = auth.uid()")
}

fn may_name(parameter: &str, field: &str, table: &str, condition: &str) -> String {
    format!(
        "({parameter}::uuid is null
          or exists (select from {table} where {table}.id = {parameter} and {condition})
          or refuse('invalid_reference', '/{field}'))"
    )
}
