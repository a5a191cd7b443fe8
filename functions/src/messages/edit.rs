//! POST /v1/messages/{id}/edits: say it differently.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, CreatedOnce, Endpoint, Input, Nothing, Problem, Route, Sql, Storage,
    context::read_one,
    model::{
        accounts::Id,
        messages::{MESSAGE, Message},
    },
    sql,
    text::{Object, Text},
};
use uuid::Uuid;

use super::read::MessagePath;

/// Says differently what a message said. The message stays; beside it begins another branch.
pub struct EditMessage;

/// What it should have said.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"content": "Draw a sundial.", "client_id": "m-2"}))]
pub struct Edit {
    /// What is said instead.
    content: Text<0, 1_000_000>,
    /// Whatever the client keeps with it; left out, what it keeps with the first one.
    #[serde(default)]
    metadata: Option<Object>,
    /// The sender's own id: the same again stores nothing, and gives the first one.
    #[serde(default)]
    client_id: Option<Text<1, 200>>,
}

impl Endpoint for EditMessage {
    const ROUTE: Route = Route::post("/v1/messages/{id}/edits", "Say a message differently, in a branch beside it")
        .storage(Storage::Read);
    type Path = MessagePath;
    type Query = Nothing;
    type Body = Edit;
    type Reply = CreatedOnce<Message>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (first_id, id) = (input.path.id, Uuid::now_v7());
        let Edit { content, metadata, client_id } = input.body;
        let client_id = client_id.map(Text::into_string);
        // The empty update makes a retry wait for the first, and then find it.
        let insert = sql("
            insert into messages (id, chat_id, user_id, role, content, metadata, parent_id, client_id)
            select $1, chat_id, user_id, role, $3, coalesce($4, metadata), parent_id, $5
            from messages
            where id = $2 and user_id = auth.uid()
            on conflict (chat_id, client_id) do update set client_id = excluded.client_id
            returning id
        ")
        .bind(id)
        .bind(first_id)
        .bind(content.into_string())
        .bind(metadata.map(Object::into_value))
        .bind(client_id.clone());
        let select = sql(format!(
            "select {MESSAGE}
             where messages.user_id = auth.uid()
               and (messages.id = $1
                    or (messages.client_id = $3
                        and messages.chat_id = (
                            select first.chat_id from messages first where first.id = $2 and first.user_id = auth.uid()
                        )))"
        ))
        .bind(id)
        .bind(first_id)
        .bind(client_id);
        let [stored, _, message] = context.fly([insert, attach(first_id, id), select]).await?;
        let is_new = read_one::<Id>(&stored)?.id == id;
        let mut message: Message = read_one(&message)?;
        message.sign(context.bucket()?)?;
        Ok(CreatedOnce { resource: message, is_new })
    }
}

/// The edit has the same attachments, if it was stored just now.
fn attach(first_id: Uuid, id: Uuid) -> Sql {
    sql("
        insert into message_attachments (message_id, user_id, position, blob_id, original_name, mime_type, size_bytes)
        select edits.id, edits.user_id, first.position, first.blob_id, first.original_name, first.mime_type, first.size_bytes
        from messages edits
        join message_attachments first on first.message_id = $2
        where edits.id = $1 and edits.user_id = auth.uid()
    ")
    .bind(id)
    .bind(first_id)
}
