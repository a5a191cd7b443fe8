//! PATCH /v1/projects/{id}: change a project, archive it, or bring it back.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Sql,
    context::read_one,
    model::projects::{Project, chat_exists, container_exists, release_chat, select_project},
    problem, sql,
    text::{Change, Maybe, Object, Text},
};
use uuid::Uuid;

use super::read::ProjectPath;

/// Changes a project. An archived or deleted one changes only in becoming active again; whatever else is to change may
/// come with it. The ETag of a deleted one cannot be read: bring it back with `If-Match: *`.
pub struct UpdateProject;

/// What to change; fields that are left out stay as they are, null clears.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"name": "A better clock", "status": "active"}))]
pub struct ProjectChanges {
    /// What it is called.
    #[serde(default)]
    name: Maybe<Text<1, 200>>,
    /// What it is, in a few words.
    #[serde(default)]
    description: Change<Text<1, 5000>>,
    /// The framework.
    #[serde(default)]
    r#type: Maybe<Text<1, 100>>,
    /// `archived` makes it read only; `active` brings it back, from having been deleted too.
    #[serde(default)]
    status: Maybe<NewStatus>,
    /// The sandbox of the caller's that it runs in.
    #[serde(default)]
    container_id: Change<Uuid>,
    /// The chat of the caller's that it came out of, which has no other project.
    #[serde(default)]
    chat_id: Change<Uuid>,
    /// Whatever the client keeps with it; replaces what was there.
    #[serde(default)]
    metadata: Maybe<Object>,
    /// How it is to be built, as the client understands it; replaces what was there.
    #[serde(default)]
    settings: Maybe<Object>,
}

/// What a change can make of a project; to delete it is a request of its own.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewStatus {
    /// In use.
    Active,
    /// Kept, and read only until it is active again.
    Archived,
}

impl Endpoint for UpdateProject {
    const ROUTE: Route = Route::patch("/v1/projects/{id}", "Change a project, archive it, or bring it back")
        .if_match()
        .problems(&[&problem::ARCHIVED, &problem::CONFLICT, &problem::INVALID_REFERENCE]);
    type Path = ProjectPath;
    type Query = Nothing;
    type Body = ProjectChanges;
    type Reply = Json<Project>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = input.path.id;
        let (set_chat_id, chat_id) = input.body.chat_id.clone().into_parts(|id| id);
        let update = update(id, input.if_match, input.body, set_chat_id, chat_id);
        let [_, _, project] = context.fly([release_chat(chat_id), update, select_project(id)]).await?;
        Ok(Json(read_one(&project)?))
    }
}

/// Refuses where there is nothing to change, so that the chat that was made free for it stays where it is.
fn update(id: Uuid, if_match: Option<i64>, changes: ProjectChanges, set_chat_id: bool, chat_id: Option<Uuid>) -> Sql {
    let (set_description, description) = changes.description.into_parts(Text::into_string);
    let (set_container_id, container_id) = changes.container_id.into_parts(|id| id);
    let status = changes.status.0.map(|status| match status {
        NewStatus::Active => "active",
        NewStatus::Archived => "archived",
    });
    sql(format!(
        "with updated as (
             update projects set
                 name = coalesce($3, name),
                 description = case when $4 then $5 else description end,
                 type = coalesce($6, type),
                 status = coalesce($7, status),
                 container_id = case when $8 then $9 else container_id end,
                 chat_id = case when $10 then $11 else chat_id end,
                 metadata = coalesce($12, metadata),
                 settings = coalesce($13, settings)
             where id = $1
               and owner_id = auth.uid()
               and (status <> 'deleted' or $7 = 'active')
               and if_match(revision, $2)
               and (status = 'active' or $7 = 'active' or refuse('archived'))
               and {}
               and {}
             returning id
         )
         select id from updated
         union all
         select $1 where case when not exists (select from updated) then refuse('not_found') end",
        container_exists("$9"),
        chat_exists("$11")
    ))
    .bind(id)
    .bind(if_match)
    .bind(changes.name.0.map(Text::into_string))
    .bind(set_description)
    .bind(description)
    .bind(changes.r#type.0.map(Text::into_string))
    .bind(status)
    .bind(set_container_id)
    .bind(container_id)
    .bind(set_chat_id)
    .bind(chat_id)
    .bind(changes.metadata.0.map(Object::into_value))
    .bind(changes.settings.0.map(Object::into_value))
}
