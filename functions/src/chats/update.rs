//! PATCH /v1/chats/{id}: change what a chat is called, or where it works.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route,
    context::read_one,
    model::{
        accounts::Id,
        chats::{Chat, select_chat},
        projects::container_exists,
    },
    problem, sql,
    text::{Change, Text},
};
use uuid::Uuid;

use crate::messages::create::ChatPath;

/// Changes a chat.
pub struct UpdateChat;

/// What to change; fields that are left out stay as they are, null clears.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"title": "A better clock"}))]
pub struct ChatChanges {
    /// What it is about.
    #[serde(default)]
    title: Change<Text<1, 200>>,
    /// The client's own name for it, unique among the caller's in the same container.
    #[serde(default)]
    external_key: Change<Text<1, 200>>,
    /// The sandbox of the caller's that it works in.
    #[serde(default)]
    container_id: Change<Uuid>,
}

impl Endpoint for UpdateChat {
    const ROUTE: Route = Route::patch("/v1/chats/{id}", "Change what a chat is called, or where it works")
        .if_match()
        .problems(&[&problem::CONFLICT, &problem::INVALID_REFERENCE]);
    type Path = ChatPath;
    type Query = Nothing;
    type Body = ChatChanges;
    type Reply = Json<Chat>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (set_title, title) = input.body.title.into_parts(Text::into_string);
        let (set_external_key, external_key) = input.body.external_key.into_parts(Text::into_string);
        let (set_container_id, container_id) = input.body.container_id.into_parts(|id| id);
        let update = sql(format!(
            "update chats set
                 title = case when $3 then $4 else title end,
                 external_key = case when $5 then $6 else external_key end,
                 container_id = case when $7 then $8 else container_id end
             where id = $1 and user_id = auth.uid() and if_match(revision, $2) and {}
             returning id",
            container_exists("$8")
        ))
        .bind(input.path.id)
        .bind(input.if_match)
        .bind(set_title)
        .bind(title)
        .bind(set_external_key)
        .bind(external_key)
        .bind(set_container_id)
        .bind(container_id);
        let [updated, chat] = context.fly([update, select_chat(input.path.id)]).await?;
        read_one::<Id>(&updated)?;
        Ok(Json(read_one(&chat)?))
    }
}
