//! DELETE /v1/documents/{id}: take a document from its project.

use shared::{Context, Endpoint, Input, NoContent, Nothing, Problem, Route, model::accounts::Id, problem, sql};

use super::read::DocumentPath;

/// Deletes a document.
pub struct DeleteDocument;

impl Endpoint for DeleteDocument {
    const ROUTE: Route =
        Route::delete("/v1/documents/{id}", "Take a document from its project").problems(&[&problem::ARCHIVED]);
    type Path = DocumentPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoContent;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let delete = sql("
            delete from documents
            where id = $1 and user_id = auth.uid() and project_is_open(project_id)
            returning id
        ")
        .bind(input.path.id);
        context.one::<Id>(delete).await?;
        Ok(NoContent)
    }
}
