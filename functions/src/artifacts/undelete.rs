//! POST /v1/artifacts/{id}/undelete: take an artifact out of the trash.

use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Storage,
    context::read_one,
    model::{
        accounts::Id,
        artifacts::{Artifact, select_artifact},
    },
    sql,
};

use super::read::ArtifactPath;

/// Takes an artifact out of its owner's trash, with all that belongs to it. One that is not there stays as it is.
pub struct UndeleteArtifact;

impl Endpoint for UndeleteArtifact {
    const ROUTE: Route =
        Route::post("/v1/artifacts/{id}/undelete", "Take an artifact out of the trash").storage(Storage::Read);
    type Path = ArtifactPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Artifact>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = input.path.id;
        let restore = sql("
            update artifacts set deleted_at = null
            where id = $1 and owner_user_id = auth.uid() and deleted_at is not null
        ")
        .bind(id);
        let own = sql("select id from artifacts where id = $1 and owner_user_id = auth.uid()").bind(id);
        let [_, own, rows] = context.fly([restore, own, select_artifact(id)]).await?;
        read_one::<Id>(&own)?;
        let mut artifact: Artifact = read_one(&rows)?;
        artifact.sign(context.bucket()?)?;
        Ok(Json(artifact))
    }
}
