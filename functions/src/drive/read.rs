//! GET /v1/drive/files/{id}: how an export to Google Drive stands.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route,
    model::drive::{DriveFile, select_drive_file},
};
use uuid::Uuid;

/// Reads an export.
pub struct ReadDriveFile;

/// The export.
#[derive(Deserialize, JsonSchema)]
pub struct DriveFilePath {
    /// The export: `id`, not Drive's identifier.
    pub id: Uuid,
}

impl Endpoint for ReadDriveFile {
    const ROUTE: Route = Route::get("/v1/drive/files/{id}", "Read how an export to Google Drive stands");
    type Path = DriveFilePath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<DriveFile>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        Ok(Json(context.one(select_drive_file(input.path.id)).await?))
    }
}
