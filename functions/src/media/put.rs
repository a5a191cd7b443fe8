//! PUT /v1/artifacts/{id}/media: show an uploaded screenshot with an artifact.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Sql, Storage, context::read_one, model::accounts::Id,
    problem, sql,
};
use uuid::Uuid;

use super::read::{ArtifactMedia, select_media};
use crate::artifacts::read::ArtifactPath;

/// Shows a screenshot.
pub struct PutMedia;

/// The screenshot.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"screenshot": "0199f0c5-6f5e-7c3a-9d64-0f2a7f6f3a10"}))]
pub struct NewMedia {
    /// A completed upload of the caller's, declared for screenshot.
    screenshot: Uuid,
}

impl Endpoint for PutMedia {
    const ROUTE: Route = Route::put("/v1/artifacts/{id}/media", "Show an uploaded screenshot with an artifact")
        .storage(Storage::Read)
        .if_match()
        .problems(&[&problem::INVALID_REFERENCE]);
    type Path = ArtifactPath;
    type Query = Nothing;
    type Body = NewMedia;
    type Reply = Json<ArtifactMedia>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = input.path.id;
        let [touched, _, media] =
            context.fly([touch(id, input.if_match), upsert(id, input.body.screenshot), select_media(id)]).await?;
        read_one::<Id>(&touched)?;
        let mut media: ArtifactMedia = read_one(&media)?;
        media.media.sign(context.bucket()?)?;
        Ok(Json(media))
    }
}

/// The artifact's revision counts its media too.
pub(super) fn touch(id: Uuid, if_match: Option<i64>) -> Sql {
    sql("
        update artifacts set revision = revision
        where id = $1 and owner_user_id = auth.uid() and deleted_at is null and if_match(revision, $2)
        returning id
    ")
    .bind(id)
    .bind(if_match)
}

fn upsert(id: Uuid, upload_id: Uuid) -> Sql {
    sql("
        insert into artifact_media (artifact_id, screenshot_blob_id, thumb_blob_id)
        select artifacts.id, uploads.blob_id, uploads.thumb_blob_id
        from artifacts
        left join uploads on uploads.id = $2
            and uploads.user_id = auth.uid()
            and uploads.purpose = 'screenshot'
            and uploads.state = 'ready'
        where artifacts.id = $1
          and artifacts.owner_user_id = auth.uid()
          and artifacts.deleted_at is null
          and (uploads.id is not null or refuse('invalid_reference', '/screenshot'))
        on conflict (artifact_id) do update set
            screenshot_blob_id = excluded.screenshot_blob_id, thumb_blob_id = excluded.thumb_blob_id
    ")
    .bind(id)
    .bind(upload_id)
}
