//! DELETE /v1/uploads/{id}: give up an upload.

use shared::{
    Context, Endpoint, Input, NoContent, Nothing, Problem, Route, Storage,
    context::read_one,
    model::uploads::{UploadRow, select_upload},
    sql,
};

use super::read::UploadPath;

/// Gives up an upload. What it made ready stays.
pub struct DeleteUpload;

impl Endpoint for DeleteUpload {
    const ROUTE: Route =
        Route::delete("/v1/uploads/{id}", "Give up an upload; what it made ready stays").storage(Storage::Write);
    type Path = UploadPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoContent;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let delete = sql("delete from uploads where id = $1 and user_id = auth.uid()").bind(input.path.id);
        let [rows, _] = context.fly([select_upload(input.path.id), delete]).await?;
        let row: UploadRow = read_one(&rows)?;
        if let (None, Some(multipart_id)) = (&row.blob, &row.multipart_id) {
            context.bucket()?.client().abort_multipart(&row.storage_key(), multipart_id).await?;
        }
        Ok(NoContent)
    }
}
