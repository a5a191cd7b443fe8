//! GET /v1/artifacts/{id}/versions/{version}/files/{path+}: one file of a version.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Access, Context, Endpoint, Input, Json, Nothing, Problem, Route, Storage,
    model::versions::{File, FileRow, select_file},
    text::FilePath,
};
use uuid::Uuid;

/// Reads one file.
pub struct ReadFile;

/// The file.
#[derive(Deserialize, JsonSchema)]
pub struct FileInVersionPath {
    /// The artifact.
    id: Uuid,
    /// The version's index, from 1.
    version: i32,
    /// Where in the version.
    path: FilePath,
}

impl Endpoint for ReadFile {
    const ROUTE: Route =
        Route::get("/v1/artifacts/{id}/versions/{version}/files/{path+}", "Read one file of a version")
            .access(Access::Optional)
            .storage(Storage::Read);
    type Path = FileInVersionPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<File>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let FileInVersionPath { id, version, path } = input.path;
        let file: FileRow = context.one(select_file(id, version, path)).await?;
        Ok(Json(file.into_file(context.bucket()?)?))
    }
}
