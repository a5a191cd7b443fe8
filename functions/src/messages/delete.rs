//! DELETE /v1/messages/{id}: take a message out of its chat.

use shared::{
    Context, Endpoint, Input, NoContent, Nothing, Problem, Route, context::read_one, model::accounts::Id, sql,
};

use super::read::MessagePath;

/// Deletes a message. Answers to it stay, as answers to what it answered itself: a chat does not fall apart.
pub struct DeleteMessage;

impl Endpoint for DeleteMessage {
    const ROUTE: Route =
        Route::delete("/v1/messages/{id}", "Delete a message; answers to it become answers to what it answered");
    type Path = MessagePath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoContent;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = input.path.id;
        // One deletion a chat at a time: two next to each other would wait for each other's messages.
        let lock_chat = sql("
            select chats.id
            from messages
            join chats on chats.id = messages.chat_id
            where messages.id = $1 and messages.user_id = auth.uid()
            for no key update of chats
        ")
        .bind(id);
        // Waits for answers that are being stored, so that the next statement sees them.
        let lock = sql("select id from messages where id = $1 and user_id = auth.uid() for update").bind(id);
        let move_answers = sql("
            update messages answers set parent_id = messages.parent_id
            from messages
            where messages.id = $1 and messages.user_id = auth.uid() and answers.parent_id = $1
        ")
        .bind(id);
        let delete = sql("delete from messages where id = $1 and user_id = auth.uid() returning id").bind(id);
        let [_, _, _, deleted] = context.fly([lock_chat, lock, move_answers, delete]).await?;
        read_one::<Id>(&deleted)?;
        Ok(NoContent)
    }
}
