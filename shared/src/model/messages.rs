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
    page::{Cursor, Keyset},
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
    -- No exists(): for that, all of the caller's might be read into a hash.
    coalesce(
        (select true from message_artifacts where message_artifacts.message_id = messages.id), false
    ) as has_artifact,
    messages.created_at
from messages
";

/// Bytes of text after which a page ends, but that it has one message: the largest reply is not much larger.
const PAGE_TEXT: usize = 4 * 1024 * 1024;

/// A page of messages: the one that `first` finds, then from each on the one that `next` finds, as many as `limit` says.
///
/// Step by step, because chats are of very different sizes: the statement is planned for one of the usual size, and might
/// then sort all of a chat of 100,000 to show 50. Of each step it is plain that the index has it. Texts beyond what one
/// reply holds stay where they are: only their length is read.
fn select_steps(first: &str, next: &str, limit: &str) -> String {
    let step = "messages.id, messages.parent_id, messages.created_at, octet_length(messages.content)::bigint as size";
    format!(
        "with recursive page as (
             (select {step}, 0::bigint as size_before, 1::bigint as place from public.messages where {first})
             union all
             select next.*, page.size_before + page.size, page.place + 1
             from page
             cross join lateral (select {step} from public.messages where {next}) next
             where page.place < {limit} and page.size_before + page.size <= {PAGE_TEXT}
         ),
         messages as (
             select messages.*, page.place
             from page
             join public.messages on messages.id = page.id
         )
         select {MESSAGE}
         order by messages.place"
    )
}

/// The caller's messages of the chat `$1`.
pub const OF_CHAT: &str = "messages.chat_id = $1 and messages.user_id = auth.uid()";

/// Messages of a chat that meet a condition in the order of time, `asc` or `desc`, from a cursor on whose two parts are bound
/// at `$2` and `$3`.
#[must_use]
pub fn select_page(condition: &str, cursor: Option<Cursor>, order: &str, limit: &str) -> String {
    let comparison = if order == "asc" { ">" } else { "<" };
    let beyond = |place: &str| format!("(messages.created_at, messages.id) {comparison} ({place})");
    let from = |place: &str| {
        format!(
            "{condition} and {place}
             order by messages.created_at {order}, messages.id {order}
             limit 1"
        )
    };
    let first = match cursor {
        Some(_) => beyond("$2, $3"),
        None => "$2::timestamptz is null and $3::uuid is null".to_owned(),
    };
    select_steps(&from(&first), &from(&beyond("page.created_at, page.id")), limit)
}

/// The caller's messages of the chat `$1` from the one at `$2` up to the beginning of its branch. With a cursor, that is at
/// `$2`: the last of the page before, and the branch goes on with what it answers.
#[must_use]
pub fn select_branch(cursor: Option<Cursor>, limit: &str) -> String {
    let start = match cursor {
        Some(_) => "(select last.parent_id from public.messages last where last.id = $2 and last.chat_id = $1)",
        None => "$2",
    };
    let first = format!("messages.id = {start} and {OF_CHAT}");
    select_steps(&first, "messages.id = page.parent_id and messages.user_id = auth.uid()", limit)
}

/// One message of the caller's.
#[must_use]
pub fn select_message(id: Uuid) -> Sql {
    sql(format!("select {MESSAGE} where messages.id = $1 and messages.user_id = auth.uid()")).bind(id)
}
