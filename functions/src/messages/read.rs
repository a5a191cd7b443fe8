//! GET /v1/messages/{id}: a message.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Storage,
    model::messages::{Message, select_message},
};
use uuid::Uuid;

/// Reads a message.
pub struct ReadMessage;

/// The message.
#[derive(Deserialize, JsonSchema)]
pub struct MessagePath {
    /// The message.
    pub id: Uuid,
}

impl Endpoint for ReadMessage {
    const ROUTE: Route = Route::get("/v1/messages/{id}", "Read a message").storage(Storage::Read);
    type Path = MessagePath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Message>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let mut message: Message = context.one(select_message(input.path.id)).await?;
        message.sign(context.bucket()?)?;
        Ok(Json(message))
    }
}
