//! POST /v1/projects: begin a project.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Route,
    context::read_one,
    model::projects::{DEFAULT_TYPE, Project, chat_exists, container_exists, release_chat, select_project},
    problem, sql,
    text::{Object, Text},
};
use uuid::Uuid;

/// Begins a project.
pub struct CreateProject;

/// A new project.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"name": "A clock", "type": "react", "settings": {"typescript": true}}))]
pub struct NewProject {
    /// What it is called.
    name: Text<1, 200>,
    /// What it is, in a few words.
    #[serde(default)]
    description: Option<Text<1, 5000>>,
    /// The framework: nextjs where left out.
    #[serde(default)]
    r#type: Option<Text<1, 100>>,
    /// The sandbox of the caller's that it runs in.
    #[serde(default)]
    container_id: Option<Uuid>,
    /// The chat of the caller's that it came out of, which has no project yet.
    #[serde(default)]
    chat_id: Option<Uuid>,
    /// Whatever the client keeps with it.
    #[serde(default)]
    metadata: Object,
    /// How it is to be built, as the client understands it.
    #[serde(default)]
    settings: Object,
}

impl Endpoint for CreateProject {
    const ROUTE: Route =
        Route::post("/v1/projects", "Begin a project").problems(&[&problem::CONFLICT, &problem::INVALID_REFERENCE]);
    type Path = Nothing;
    type Query = Nothing;
    type Body = NewProject;
    type Reply = Created<Project>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (id, project) = (Uuid::now_v7(), input.body);
        let insert = sql(format!(
            "insert into projects (id, owner_id, name, description, type, container_id, chat_id, metadata, settings)
             select $1, auth.uid(), $2, $3, $4, $5, $6, $7, $8
             where {} and {}",
            container_exists("$5"),
            chat_exists("$6")
        ))
        .bind(id)
        .bind(project.name.into_string())
        .bind(project.description.map(Text::into_string))
        .bind(project.r#type.map_or_else(|| DEFAULT_TYPE.to_owned(), Text::into_string))
        .bind(project.container_id)
        .bind(project.chat_id)
        .bind(project.metadata.into_value())
        .bind(project.settings.into_value());
        let [_, _, project] = context.fly([release_chat(project.chat_id), insert, select_project(id)]).await?;
        Ok(Created(read_one(&project)?))
    }
}
