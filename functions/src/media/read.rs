//! GET /v1/artifacts/{id}/media: an artifact's pictures.

use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Access, Context, Endpoint, Input, Json, Nothing, Problem, Resource, Route, Sql, Storage, from_row,
    model::artifacts::{MEDIA, MEDIA_JOINS, Media, VISIBLE},
    sql,
};
use uuid::Uuid;

use crate::artifacts::read::ArtifactPath;

/// Reads an artifact's pictures.
pub struct ReadMedia;

/// An artifact's pictures; their ETag is good for changing the artifact too.
#[derive(Serialize, JsonSchema)]
pub struct ArtifactMedia {
    /// The pictures.
    #[serde(flatten)]
    pub media: Media,
    /// Number of changes of the artifact.
    #[serde(skip)]
    #[schemars(skip)]
    revision: i64,
}

from_row!(ArtifactMedia { media, revision });

impl Resource for ArtifactMedia {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

impl Endpoint for ReadMedia {
    const ROUTE: Route = Route::get("/v1/artifacts/{id}/media", "Read an artifact's pictures")
        .access(Access::Optional)
        .storage(Storage::Read);
    type Path = ArtifactPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<ArtifactMedia>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let mut media: ArtifactMedia = context.one(select_media(input.path.id)).await?;
        media.media.sign(context.bucket()?)?;
        Ok(Json(media))
    }
}

/// The pictures of an artifact that the caller may see.
pub(super) fn select_media(id: Uuid) -> Sql {
    sql(format!(
        "select
             {MEDIA} as media,
             artifacts.revision
         from artifacts
         {MEDIA_JOINS}
         where artifacts.id = $1 and {VISIBLE}"
    ))
    .bind(id)
}
