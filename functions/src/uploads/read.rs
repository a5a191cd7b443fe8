//! GET /v1/uploads/{id}: how far an upload is, with fresh URLs for what is missing.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Storage,
    model::uploads::{Upload, UploadRow, select_upload},
};
use uuid::Uuid;

/// Reads an upload, to go on with it.
pub struct ReadUpload;

/// The upload.
#[derive(Deserialize, JsonSchema)]
pub struct UploadPath {
    /// The upload.
    pub id: Uuid,
}

impl Endpoint for ReadUpload {
    const ROUTE: Route =
        Route::get("/v1/uploads/{id}", "See how far an upload is, and go on with it").storage(Storage::Write);
    type Path = UploadPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Upload>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let row: UploadRow = context.one(select_upload(input.path.id)).await?;
        let bucket = context.bucket()?;
        let arrived = match (&row.blob, &row.multipart_id) {
            (None, Some(multipart_id)) => bucket.client().arrived_parts(&row.storage_key(), multipart_id).await?,
            _ => Vec::new(),
        };
        let arrived: Vec<i32> = arrived.iter().map(|part| part.number).collect();
        Ok(Json(row.into_upload(bucket, &arrived)?))
    }
}
