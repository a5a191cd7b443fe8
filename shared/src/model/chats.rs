//! Chats: conversations, each its owner's alone.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Resource, Sql, from_row,
    page::{Cursor, Keyset},
    sql,
};

/// A conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Chat {
    /// Identifier.
    pub id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// What it is about.
    pub title: Option<String>,
    /// The client's own name for it, unique among the caller's in the same container.
    pub external_key: Option<String>,
    /// The sandbox that it works in.
    pub container_id: Option<Uuid>,
    /// How many messages it has.
    pub message_count: i64,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When something else of it than its messages last changed.
    pub updated_at: Timestamp,
    /// Number of changes.
    #[serde(skip)]
    #[schemars(skip)]
    pub revision: i64,
}

from_row!(Chat { id, user_id, title, external_key, container_id, message_count, created_at, updated_at, revision });

impl Resource for Chat {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    fn location(&self) -> Option<String> {
        Some(format!("/v1/chats/{}", self.id))
    }
}

impl Keyset for Chat {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

/// The columns of [`Chat`], to follow `select`.
pub const CHAT: &str = "
    chats.id, chats.user_id, chats.title, chats.external_key, chats.container_id,
    (select coalesce(sum(chat_counts.messages), 0)::bigint from chat_counts where chat_counts.chat_id = chats.id)
        as message_count,
    chats.created_at, chats.updated_at, chats.revision
from chats
";

/// One chat of the caller's.
#[must_use]
pub fn select_chat(id: Uuid) -> Sql {
    sql(format!("select {CHAT} where chats.id = $1 and chats.user_id = auth.uid()")).bind(id)
}
