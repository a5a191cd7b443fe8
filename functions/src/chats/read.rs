//! GET /v1/chats/{id}: a chat.

use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route,
    model::chats::{Chat, select_chat},
};

use crate::messages::create::ChatPath;

/// Reads a chat.
pub struct ReadChat;

impl Endpoint for ReadChat {
    const ROUTE: Route = Route::get("/v1/chats/{id}", "Read a chat");
    type Path = ChatPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Chat>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        Ok(Json(context.one(select_chat(input.path.id)).await?))
    }
}
