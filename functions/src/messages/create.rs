//! POST /v1/chats/{id}/messages: say something.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, CreatedOnce, Endpoint, Input, Nothing, Problem, Route, Sql, Storage,
    context::read_one,
    from_row,
    model::messages::{MESSAGE, Message, Role},
    problem, sql,
    text::{Object, Text},
};
use uuid::Uuid;

/// Adds a message to a chat.
pub struct CreateMessage;

/// The chat.
#[derive(Deserialize, JsonSchema)]
pub struct ChatPath {
    /// The chat.
    pub id: Uuid,
}

/// A new message.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"role": "user", "content": "Draw a clock.", "client_id": "m-1"}))]
pub struct NewMessage {
    /// Who speaks.
    role: Role,
    /// What they say.
    content: Text<0, 1_000_000>,
    /// Whatever the client keeps with it.
    #[serde(default)]
    metadata: Object,
    /// The message of this chat that it answers or revises.
    #[serde(default)]
    parent_id: Option<Uuid>,
    /// The sender's own id: the same again stores nothing, and gives the first one.
    #[serde(default)]
    client_id: Option<Text<1, 200>>,
    /// Completed uploads of the caller's, declared for attachment, at most 20.
    #[serde(default)]
    attachments: UploadIds,
}

/// At most 20 uploads.
#[derive(Default, JsonSchema)]
#[schemars(inline)]
pub struct UploadIds(#[schemars(length(max = 20))] Vec<Uuid>);

impl<'de> Deserialize<'de> for UploadIds {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ids = Vec::deserialize(deserializer)?;
        if ids.len() <= 20 { Ok(Self(ids)) } else { Err(serde::de::Error::custom("must be at most 20")) }
    }
}

struct Stored {
    id: Uuid,
}

from_row!(Stored { id });

impl Endpoint for CreateMessage {
    const ROUTE: Route = Route::post("/v1/chats/{id}/messages", "Add a message to a chat")
        .storage(Storage::Read)
        .problems(&[&problem::INVALID_REFERENCE]);
    type Path = ChatPath;
    type Query = Nothing;
    type Body = NewMessage;
    type Reply = CreatedOnce<Message>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (chat_id, id) = (input.path.id, Uuid::now_v7());
        let NewMessage { role, content, metadata, parent_id, client_id, attachments } = input.body;
        let client_id = client_id.map(Text::into_string);
        // The empty update makes a retry wait for the first, and then find it.
        let insert = sql("
            insert into messages (id, chat_id, user_id, role, content, metadata, parent_id, client_id)
            select $1, chats.id, chats.user_id, $3, $4, $5, $6, $7
            from chats
            where chats.id = $2 and chats.user_id = auth.uid()
            on conflict (chat_id, client_id) do update set client_id = excluded.client_id
            returning id
        ")
        .bind(id)
        .bind(chat_id)
        .bind(role.as_str())
        .bind(content.into_string())
        .bind(metadata.into_value())
        .bind(parent_id)
        .bind(client_id.clone());
        let select = sql(format!(
            "select {MESSAGE}
             where messages.chat_id = $1 and messages.user_id = auth.uid() and (messages.id = $2 or messages.client_id = $3)"
        ))
        .bind(chat_id)
        .bind(id)
        .bind(client_id);
        let [stored, _, message] = context.fly([insert, attach(id, attachments.0), select]).await?;
        let is_new = read_one::<Stored>(&stored)?.id == id;
        let mut message: Message = read_one(&message)?;
        message.sign(context.bucket()?)?;
        Ok(CreatedOnce { resource: message, is_new })
    }
}

/// Attaches uploads to the message, if it was stored just now.
fn attach(message_id: Uuid, uploads: Vec<Uuid>) -> Sql {
    sql("
        insert into message_attachments (message_id, user_id, position, blob_id, original_name, mime_type, size_bytes)
        select messages.id, messages.user_id, new.position, uploads.blob_id, uploads.filename, uploads.content_type, uploads.size
        from messages
        cross join unnest($2::uuid[]) with ordinality as new (upload_id, position)
        left join uploads on uploads.id = new.upload_id
            and uploads.user_id = auth.uid()
            and uploads.purpose = 'attachment'
            and uploads.state = 'ready'
        where messages.id = $1
          and (uploads.id is not null or refuse('invalid_reference', '/attachments/' || (new.position - 1)))
    ")
    .bind(message_id)
    .bind(uploads)
}
