//! GET /v1/artifacts/{id}/versions/{version}/chat: the conversation that led to a version.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use shared::{
    Access, Context, Endpoint, Input, Json, Nothing, Problem, Resource, Route, from_row, model::artifacts::VISIBLE,
    sql, text::Json1M,
};
use uuid::Uuid;

use super::read::VersionPath;

/// Reads the conversation that led to a version.
pub struct ReadVersionChat;

/// The conversation that led to a version.
#[derive(Serialize, JsonSchema)]
pub struct VersionChat {
    /// The version.
    version_id: Uuid,
    /// The artifact it is a version of.
    artifact_id: Uuid,
    /// 1 for the first, and so on without a gap.
    version_index: i32,
    /// The conversation, as it was given.
    #[schemars(with = "Json1M")]
    chat: Value,
}

from_row!(VersionChat { version_id, artifact_id, version_index, chat });

impl Resource for VersionChat {}

impl Endpoint for ReadVersionChat {
    const ROUTE: Route =
        Route::get("/v1/artifacts/{id}/versions/{version}/chat", "Read the conversation that led to a version")
            .access(Access::Optional);
    type Path = VersionPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<VersionChat>;

    /// Whether there is none, or its owner does not show it, callers cannot tell.
    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let select = sql(format!(
            "select versions.id as version_id, versions.artifact_id, versions.version_index, chats.chat
             from artifact_versions versions
             join artifacts on artifacts.id = versions.artifact_id and {VISIBLE}
             join artifact_version_chats chats on chats.version_id = versions.id
             where versions.artifact_id = $1
               and versions.version_index = $2
               and (artifacts.owner_user_id = auth.uid()
                    or (artifacts.chat_history_public
                        and (artifacts.versioning_enabled or artifacts.current_version_id = versions.id)))"
        ))
        .bind(input.path.id)
        .bind(input.path.version);
        Ok(Json(context.one(select).await?))
    }
}
