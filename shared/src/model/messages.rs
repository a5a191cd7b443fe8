//! Messages: one row each, in a chat.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::blobs::Blob;
use crate::{
    Problem, Resource, Sql,
    bucket::Bucket,
    from_json_column, from_row,
    page::{Cursor, Keyset, Limit},
    sql,
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

from_row!(Attachment { id, original_name, mime_type, size_bytes, blob });

impl Resource for Attachment {}

impl Attachment {
    /// Makes the URL.
    pub fn sign(&mut self, bucket: &Bucket) -> Result<(), Problem> {
        self.blob.iter_mut().try_for_each(|blob| blob.sign(bucket))
    }
}

/// The columns of [`Attachment`], to follow `select`.
pub const ATTACHMENT: &str = "
    attachments.id, attachments.original_name, attachments.mime_type, attachments.size_bytes, blob_json(blobs) as blob
from message_attachments attachments
left join blobs on blobs.id = attachments.blob_id
";

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
    /// Whether `/v1/messages/{id}/artifact` has what it made.
    pub has_artifact: bool,
    /// When it was stored.
    pub created_at: Timestamp,
}

from_row!(Message {
    id,
    chat_id,
    role,
    content,
    metadata,
    parent_id,
    client_id,
    attachments,
    has_artifact,
    created_at,
});

impl Resource for Message {
    fn location(&self) -> Option<String> {
        Some(format!("/v1/messages/{}", self.id))
    }
}

impl Keyset for Message {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

impl Message {
    /// Makes the URLs of what is attached.
    pub fn sign(&mut self, bucket: &Bucket) -> Result<(), Problem> {
        self.attachments.0.iter_mut().try_for_each(|attachment| attachment.sign(bucket))
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
    exists (select from message_artifacts where message_artifacts.message_id = messages.id) as has_artifact,
    messages.created_at
from messages
";

/// Bytes of text after which a page ends, but that it has one message: the largest reply is not much larger.
const PAGE_TEXT: usize = 4 * 1024 * 1024;

/// The messages that meet a condition, in this order, as many as the parameter `limit` says, and no more than `most`.
///
/// They are found by their index alone before anything is joined to them. Of a parameter the planner knows nothing, and
/// would expect a tenth of all rows; the constant tells it how few they can be. Texts beyond what one reply holds stay
/// where they are: only their length is read.
#[must_use]
pub fn select_page(condition: &str, order: &str, most: usize, limit: &str) -> String {
    format!(
        "with messages as (
             select *
             from (
                 select
                     found.*,
                     sum(octet_length(found.content)) over (
                         order by found.created_at {order}, found.id {order} rows unbounded preceding
                     ) - octet_length(found.content) as size_before
                 from (
                     select messages.*
                     from messages
                     where {condition}
                     order by messages.created_at {order}, messages.id {order}
                     limit {most}
                 ) found
             ) sized
             where size_before <= {PAGE_TEXT}
             order by created_at {order}, id {order}
             limit {limit}
         )
         select {MESSAGE}
         order by messages.created_at {order}, messages.id {order}"
    )
}

/// One message of the caller's.
#[must_use]
pub fn select_message(id: Uuid) -> Sql {
    sql(format!("select {MESSAGE} where messages.id = $1 and messages.user_id = auth.uid()")).bind(id)
}

/// A page of the branch that ends with a message, from there up to the beginning.
#[must_use]
pub fn select_branch(chat_id: Uuid, leaf: Uuid, cursor: Option<Cursor>, limit: Limit) -> Sql {
    // The cursor's message was the last of the page before: the branch goes on with what it answers.
    let start = match cursor {
        Some(_) => "(select last.parent_id from public.messages last where last.id = $2 and last.chat_id = $1)",
        None => "$2",
    };
    sql(format!(
        "with recursive branch as (
             select messages.id, messages.parent_id, messages.content, 1 as place
             from public.messages
             where messages.id = {start} and messages.chat_id = $1 and messages.user_id = auth.uid()
             union all
             select messages.id, messages.parent_id, messages.content, branch.place + 1
             from branch
             join public.messages on messages.id = branch.parent_id and messages.user_id = auth.uid()
             where branch.place < $3
         ),
         sized as (
             select
                 id, place,
                 sum(octet_length(content)) over (order by place rows unbounded preceding) - octet_length(content)
                     as size_before
             from branch
         ),
         messages as (
             select messages.*, sized.place
             from sized
             join public.messages on messages.id = sized.id
             where sized.size_before <= {PAGE_TEXT}
         )
         select {MESSAGE}
         order by messages.place"
    ))
    .bind(chat_id)
    .bind(cursor.map_or(leaf, |cursor| cursor.id))
    .bind(limit.and_one())
}
