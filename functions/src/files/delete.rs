//! DELETE /v1/files/{id}: take a file from its sandbox.

use shared::{
    Context, Endpoint, Input, NoContent, Nothing, Problem, Route,
    model::{accounts::Id, files::IN_CONTAINER},
    sql,
};

use super::read::ContainerFilePath;

/// Deletes a file. Checkpoints keep it, and what is put at its path later goes on with its history.
pub struct DeleteFile;

impl Endpoint for DeleteFile {
    const ROUTE: Route = Route::delete("/v1/files/{id}", "Delete a file of a sandbox");
    type Path = ContainerFilePath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoContent;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let delete = sql(format!(
            "update files set is_deleted = true
             where id = $1 and user_id = auth.uid() and not is_deleted and {IN_CONTAINER}
             returning id"
        ))
        .bind(input.path.id);
        context.one::<Id>(delete).await?;
        Ok(NoContent)
    }
}
