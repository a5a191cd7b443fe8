//! POST /v1/chats: begin a chat.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Route,
    context::read_one,
    model::{
        chats::{Chat, select_chat},
        projects::container_exists,
    },
    problem, sql,
    text::Text,
};
use uuid::Uuid;

/// Begins a chat.
pub struct CreateChat;

/// A new chat.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"title": "A clock"}))]
pub struct NewChat {
    /// What it is about.
    #[serde(default)]
    title: Option<Text<1, 200>>,
    /// The client's own name for it, unique among the caller's in the same container.
    #[serde(default)]
    external_key: Option<Text<1, 200>>,
    /// The sandbox of the caller's that it works in.
    #[serde(default)]
    container_id: Option<Uuid>,
}

impl Endpoint for CreateChat {
    const ROUTE: Route =
        Route::post("/v1/chats", "Begin a chat").problems(&[&problem::CONFLICT, &problem::INVALID_REFERENCE]);
    type Path = Nothing;
    type Query = Nothing;
    type Body = NewChat;
    type Reply = Created<Chat>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = Uuid::now_v7();
        let insert = sql(format!(
            "insert into chats (id, user_id, title, external_key, container_id)
             select $1, auth.uid(), $2, $3, $4
             where {}",
            container_exists("$4")
        ))
        .bind(id)
        .bind(input.body.title.map(Text::into_string))
        .bind(input.body.external_key.map(Text::into_string))
        .bind(input.body.container_id);
        let [_, chat] = context.fly([insert, select_chat(id)]).await?;
        Ok(Created(read_one(&chat)?))
    }
}
