//! GET /v1/artifacts/{id}/versions/{version}: a version with its files.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Access, Context, Endpoint, Input, Json, Nothing, Problem, Route, Storage,
    model::versions::{Version, read_version, select_files, select_version},
};
use uuid::Uuid;

/// Reads a version.
pub struct ReadVersion;

/// The version.
#[derive(Deserialize, JsonSchema)]
pub struct VersionPath {
    /// The artifact.
    pub id: Uuid,
    /// The version's index, from 1.
    pub version: i32,
}

impl Endpoint for ReadVersion {
    const ROUTE: Route = Route::get("/v1/artifacts/{id}/versions/{version}", "Read a version with its files")
        .access(Access::Optional)
        .storage(Storage::Read);
    type Path = VersionPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Version>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let VersionPath { id, version } = input.path;
        let [version, files] = context.fly([select_version(id, version), select_files(id, version)]).await?;
        Ok(Json(read_version(&version, &files, context.bucket()?)?))
    }
}
