//! GET /v1/messages/{id}/attachments: what is attached to a message.

use shared::{
    Context, Endpoint, Input, Nothing, Page, Problem, Route, Storage,
    context::{read_all, read_one},
    model::{
        accounts::Id,
        messages::{ATTACHMENT, Attachment},
    },
    sql,
};

use crate::messages::read::MessagePath;

/// Lists attachments, in their order.
pub struct ListAttachments;

impl Endpoint for ListAttachments {
    const ROUTE: Route =
        Route::get("/v1/messages/{id}/attachments", "List the attachments of a message, all of them, in their order")
            .storage(Storage::Read);
    type Path = MessagePath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Page<Attachment>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let message = sql("select id from messages where id = $1 and user_id = auth.uid()").bind(input.path.id);
        let select = sql(format!(
            "select {ATTACHMENT}
             where attachments.message_id = $1 and attachments.user_id = auth.uid()
             order by attachments.position"
        ))
        .bind(input.path.id);
        let [message, attachments] = context.fly([message, select]).await?;
        read_one::<Id>(&message)?;
        let mut items: Vec<Attachment> = read_all(&attachments)?;
        let bucket = context.bucket()?;
        items.iter_mut().try_for_each(|attachment| attachment.sign(bucket))?;
        Ok(Page { items, next_cursor: None })
    }
}
