//! PUT /v1/chats/{id}/project: the project of a chat, whoever asks for it first.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, CreatedOnce, Endpoint, Input, Nothing, Problem, Route,
    context::read_one,
    model::projects::{DEFAULT_TYPE, PROJECT, Project, release_chat},
    sql,
    text::Text,
};
use uuid::Uuid;

use crate::messages::create::ChatPath;

/// Gives a chat its project, and makes it at the first call.
pub struct ResolveProject;

/// What the project is like if it is to be made; of no effect where there is one.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"name": "A clock"}))]
pub struct ProjectOfChat {
    /// What it is called; left out, as the chat.
    #[serde(default)]
    name: Option<Text<1, 200>>,
    /// What it is, in a few words.
    #[serde(default)]
    description: Option<Text<1, 5000>>,
    /// The framework: nextjs where left out.
    #[serde(default)]
    r#type: Option<Text<1, 100>>,
}

impl Endpoint for ResolveProject {
    const ROUTE: Route =
        Route::put("/v1/chats/{id}/project", "Get the project of a chat, and make it if there is none");
    type Path = ChatPath;
    type Query = Nothing;
    type Body = ProjectOfChat;
    type Reply = CreatedOnce<Project>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (chat_id, id) = (input.path.id, Uuid::now_v7());
        // Of several at once one inserts; the others wait for it here, and then find what it made.
        let insert = sql("
            insert into projects (id, owner_id, name, description, type, container_id, chat_id)
            select
                $1, chats.user_id, coalesce($3, nullif(btrim(chats.title), ''), 'Untitled'), $4, $5, chats.container_id,
                chats.id
            from chats
            where chats.id = $2 and chats.user_id = auth.uid()
            on conflict (chat_id) do nothing
        ")
        .bind(id)
        .bind(chat_id)
        .bind(input.body.name.map(Text::into_string))
        .bind(input.body.description.map(Text::into_string))
        .bind(input.body.r#type.map_or_else(|| DEFAULT_TYPE.to_owned(), Text::into_string));
        let select = sql(format!("select {PROJECT} where projects.chat_id = $1 and projects.owner_id = auth.uid()"))
            .bind(chat_id);
        let [_, _, project] = context.fly([release_chat(Some(chat_id)), insert, select]).await?;
        let project: Project = read_one(&project)?;
        Ok(CreatedOnce { is_new: project.id == id, resource: project })
    }
}
