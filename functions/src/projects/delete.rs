//! DELETE /v1/projects/{id}: hide a project, with all that is in it.

use shared::{Context, Endpoint, Input, NoContent, Nothing, Problem, Route, model::accounts::Id, sql};

use super::read::ProjectPath;

/// Deletes a project: it is hidden at once with its runs, records and documents, and found only in the list of deleted
/// ones, from where a change of its status to `active` brings it all back.
pub struct DeleteProject;

impl Endpoint for DeleteProject {
    const ROUTE: Route = Route::delete("/v1/projects/{id}", "Delete a project; it can be brought back");
    type Path = ProjectPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoContent;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let delete = sql("
            update projects set status = 'deleted'
            where id = $1 and owner_id = auth.uid() and status <> 'deleted'
            returning id
        ")
        .bind(input.path.id);
        context.one::<Id>(delete).await?;
        Ok(NoContent)
    }
}
