//! POST /v1/messages/{id}/attachments: attach something to a message that is there already.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Route, Storage,
    context::read_one,
    model::messages::{ATTACHMENT, Attachment},
    problem, sql,
};
use uuid::Uuid;

use crate::messages::read::MessagePath;

/// Attaches an upload to a message.
pub struct CreateAttachment;

/// What to attach.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"upload": "0199f0c5-6f5e-7c3a-9d64-0f2a7f6f3a10"}))]
pub struct NewAttachment {
    /// A completed upload of the caller's, declared for attachment.
    upload: Uuid,
}

impl Endpoint for CreateAttachment {
    const ROUTE: Route =
        Route::post("/v1/messages/{id}/attachments", "Attach an upload to a message, which has at most 20")
            .storage(Storage::Read)
            .problems(&[&problem::INVALID_REFERENCE, &problem::CONFLICT]);
    type Path = MessagePath;
    type Query = Nothing;
    type Body = NewAttachment;
    type Reply = Created<Attachment>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (message_id, id) = (input.path.id, Uuid::now_v7());
        // One at a time, so that the next statement sees how many there are.
        let lock =
            sql("select id from messages where id = $1 and user_id = auth.uid() for no key update").bind(message_id);
        let insert = sql("
            insert into message_attachments (id, message_id, user_id, position, blob_id, original_name, mime_type, size_bytes)
            select
                $2, messages.id, messages.user_id, present.last_position + 1, uploads.blob_id, uploads.filename,
                uploads.content_type, uploads.size
            from messages
            cross join lateral (
                select count(*) as count, coalesce(max(position), 0) as last_position
                from message_attachments
                where message_attachments.message_id = messages.id
            ) present
            left join uploads on uploads.id = $3
                and uploads.user_id = auth.uid()
                and uploads.purpose = 'attachment'
                and uploads.state = 'ready'
            where messages.id = $1
              and messages.user_id = auth.uid()
              and (uploads.id is not null or refuse('invalid_reference', '/upload'))
              and (present.count < 20 or refuse('conflict', '/upload'))
        ")
        .bind(message_id)
        .bind(id)
        .bind(input.body.upload);
        let select = sql(format!("select {ATTACHMENT} where attachments.id = $1 and attachments.user_id = auth.uid()"));
        let [_, _, attachment] = context.fly([lock, insert, select.bind(id)]).await?;
        let mut attachment: Attachment = read_one(&attachment)?;
        attachment.sign(context.bucket()?)?;
        Ok(Created(attachment))
    }
}
