//! GET /v1/artifacts/{id}: an artifact.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Access, Context, Endpoint, Input, Json, Nothing, Problem, Route, Storage,
    model::artifacts::{Artifact, select_artifact},
};
use uuid::Uuid;

/// Reads an artifact.
pub struct ReadArtifact;

/// The artifact.
#[derive(Deserialize, JsonSchema)]
pub struct ArtifactPath {
    /// The artifact.
    pub id: Uuid,
}

impl Endpoint for ReadArtifact {
    const ROUTE: Route =
        Route::get("/v1/artifacts/{id}", "Read an artifact").access(Access::Optional).storage(Storage::Read);
    type Path = ArtifactPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Artifact>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let mut artifact: Artifact = context.one(select_artifact(input.path.id)).await?;
        artifact.sign(context.bucket()?)?;
        Ok(Json(artifact))
    }
}
