//! DELETE /v1/artifacts/{id}/media: show no picture with an artifact.

use shared::{
    Context, Endpoint, Input, NoContent, Nothing, Problem, Route, context::read_one, model::accounts::Id, sql,
};

use super::put::touch;
use crate::artifacts::read::ArtifactPath;

/// Takes an artifact's pictures off.
pub struct DeleteMedia;

impl Endpoint for DeleteMedia {
    const ROUTE: Route = Route::delete("/v1/artifacts/{id}/media", "Show no picture with an artifact").if_match();
    type Path = ArtifactPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoContent;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = input.path.id;
        let delete = sql("
            delete from artifact_media
            using artifacts
            where artifact_media.artifact_id = $1
              and artifacts.id = artifact_media.artifact_id
              and artifacts.owner_user_id = auth.uid()
              and artifacts.deleted_at is null
        ")
        .bind(id);
        let [touched, _] = context.fly([touch(id, input.if_match), delete]).await?;
        read_one::<Id>(&touched)?;
        Ok(NoContent)
    }
}
