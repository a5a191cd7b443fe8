//! Messages: one row each, in a chat.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::blobs::Blob;
use crate::{
    Problem, Resource,
    bucket::Bucket,
    from_json_column, from_row,
    page::{Cursor, Keyset},
};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
    /// A model at work on its own.
    Agent,
    /// The product.
    System,
}

impl Role {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Agent => "agent",
            Self::System => "system",
        }
    }
}

/// Something attached to a message.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// Identifier.
    pub id: Uuid,
    /// What the file was called.
    pub original_name: String,
    /// Its media type.
    pub mime_type: String,
    /// Bytes.
    pub size_bytes: i64,
    /// Where it is; null where an import found no bytes.
    pub blob: Option<Blob>,
}

/// A message's attachments, in their order.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Attachments(pub Vec<Attachment>);

from_json_column!(Attachments);

/// A message.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Message {
    /// Identifier.
    pub id: Uuid,
    /// The chat it is in.
    pub chat_id: Uuid,
    /// Who speaks.
    #[schemars(with = "Role")]
    pub role: String,
    /// What they say.
    pub content: String,
    /// Whatever the client keeps with it.
    #[schemars(with = "crate::text::Object")]
    pub metadata: Value,
    /// The message it answers or revises.
    pub parent_id: Option<Uuid>,
    /// The sender's own id.
    pub client_id: Option<String>,
    /// What is attached.
    #[schemars(with = "Vec<Attachment>")]
    pub attachments: Attachments,
    /// When it was stored.
    pub created_at: Timestamp,
}

from_row!(Message { id, chat_id, role, content, metadata, parent_id, client_id, attachments, created_at });

impl Resource for Message {}

impl Keyset for Message {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

impl Message {
    /// Makes the URLs of what is attached.
    pub fn sign(&mut self, bucket: &Bucket) -> Result<(), Problem> {
        self.attachments
            .0
            .iter_mut()
            .filter_map(|attachment| attachment.blob.as_mut())
            .try_for_each(|blob| blob.sign(bucket))
    }
}

/// The columns of [`Message`], to follow `select`.
pub const MESSAGE: &str = "
    messages.id, messages.chat_id, messages.role, messages.content, messages.metadata, messages.parent_id,
    messages.client_id,
    coalesce(
        (
            select json_agg(
                json_build_object(
                    'id', attachments.id,
                    'original_name', attachments.original_name,
                    'mime_type', attachments.mime_type,
                    'size_bytes', attachments.size_bytes,
                    'blob', blob_json(blobs)
                )
                order by attachments.position
            )
            from message_attachments attachments
            left join blobs on blobs.id = attachments.blob_id
            where attachments.message_id = messages.id
        ),
        '[]'::json
    ) as attachments,
    messages.created_at
from messages
";
