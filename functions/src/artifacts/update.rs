//! PATCH /v1/artifacts/{id}: change what is said of an artifact, or who sees it.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Sql, Storage,
    context::read_one,
    model::accounts::Id,
    model::artifacts::{Artifact, SourceSession, Visibility, select_artifact},
    model::projects::project_exists,
    problem, sql,
    text::{Change, Maybe, Object, Text},
};
use uuid::Uuid;

use super::read::ArtifactPath;

/// Changes an artifact.
pub struct UpdateArtifact;

/// What to change; fields that are left out stay as they are, null clears.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"title": "A better clock", "visibility": "public"}))]
pub struct ArtifactChanges {
    /// What it is called.
    #[serde(default)]
    title: Maybe<Text<1, 200>>,
    /// What it is, in a few words.
    #[serde(default)]
    description: Change<Text<1, 5000>>,
    /// Who may see it.
    #[serde(default)]
    visibility: Maybe<Visibility>,
    /// What kind of thing it is.
    #[serde(default)]
    r#type: Maybe<Text<1, 100>>,
    /// The tool that made it.
    #[serde(default)]
    tool_name: Change<Text<1, 100>>,
    /// Whatever the client keeps with it; replaces what was there.
    #[serde(default)]
    metadata: Maybe<Object>,
    /// The chat of the caller's that it came out of.
    #[serde(default)]
    chat_id: Change<Uuid>,
    /// The project of the caller's that it belongs to.
    #[serde(default)]
    project_id: Change<Uuid>,
    /// The generation session it came out of.
    #[serde(default)]
    source_session: Change<SourceSession>,
    /// Whether others see earlier versions.
    #[serde(default)]
    versioning_enabled: Maybe<bool>,
    /// Whether others see the chat behind a version.
    #[serde(default)]
    chat_history_public: Maybe<bool>,
}

impl Endpoint for UpdateArtifact {
    const ROUTE: Route = Route::patch("/v1/artifacts/{id}", "Change what is said of an artifact, or who sees it")
        .storage(Storage::Read)
        .if_match()
        .problems(&[&problem::INVALID_REFERENCE]);
    type Path = ArtifactPath;
    type Query = Nothing;
    type Body = ArtifactChanges;
    type Reply = Json<Artifact>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = input.path.id;
        let update = update(id, input.if_match, input.body);
        let [updated, rows] = context.fly([update, select_artifact(id)]).await?;
        read_one::<Id>(&updated)?;
        let mut artifact: Artifact = read_one(&rows)?;
        artifact.sign(context.bucket()?)?;
        Ok(Json(artifact))
    }
}

fn update(id: Uuid, if_match: Option<i64>, changes: ArtifactChanges) -> Sql {
    let (set_description, description) = changes.description.into_parts(Text::into_string);
    let (set_tool_name, tool_name) = changes.tool_name.into_parts(Text::into_string);
    let (set_chat_id, chat_id) = changes.chat_id.into_parts(|id| id);
    let (set_project_id, project_id) = changes.project_id.into_parts(|id| id);
    let (set_source_session, source_session) = changes.source_session.into_parts(|session| session);
    let (source_session_id, credits) =
        source_session.map(|session| (session.id.into_string(), session.credits_estimate)).unzip();
    sql(format!(
        "update artifacts set
             title = coalesce($3, title),
             description = case when $4 then $5 else description end,
             visibility = coalesce($6, visibility),
             type = coalesce($7, type),
             tool_name = case when $8 then $9 else tool_name end,
             metadata = coalesce($10, metadata),
             chat_id = case when $11 then $12 else chat_id end,
             project_id = case when $13 then $14 else project_id end,
             source_session_id = case when $15 then $16 else source_session_id end,
             source_session_credits_estimate =
                 case when $15 then $17::float8::numeric else source_session_credits_estimate end,
             versioning_enabled = coalesce($18, versioning_enabled),
             chat_history_public = coalesce($19, chat_history_public)
         where id = $1 and owner_user_id = auth.uid() and deleted_at is null and if_match(revision, $2) and {}
         returning id",
        project_exists("$14")
    ))
    .bind(id)
    .bind(if_match)
    .bind(changes.title.0.map(Text::into_string))
    .bind(set_description)
    .bind(description)
    .bind(changes.visibility.0.map(Visibility::as_str))
    .bind(changes.r#type.0.map(Text::into_string))
    .bind(set_tool_name)
    .bind(tool_name)
    .bind(changes.metadata.0.map(Object::into_value))
    .bind(set_chat_id)
    .bind(chat_id)
    .bind(set_project_id)
    .bind(project_id)
    .bind(set_source_session)
    .bind(source_session_id)
    .bind(credits.flatten().map(|credits| credits.0))
    .bind(changes.versioning_enabled.0)
    .bind(changes.chat_history_public.0)
}
