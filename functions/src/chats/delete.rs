//! DELETE /v1/chats/{id}: delete a chat.

use shared::{Context, Endpoint, Input, NoContent, Nothing, Problem, Route, model::accounts::Id, sql};

use crate::messages::create::ChatPath;

/// Deletes a chat with its messages. Artifacts and the project that came out of it stay.
pub struct DeleteChat;

impl Endpoint for DeleteChat {
    const ROUTE: Route = Route::delete("/v1/chats/{id}", "Delete a chat with its messages; what it led to stays");
    type Path = ChatPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoContent;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let delete = sql("delete from chats where id = $1 and user_id = auth.uid() returning id").bind(input.path.id);
        context.one::<Id>(delete).await?;
        Ok(NoContent)
    }
}
