//! DELETE /v1/artifacts/{id}: put an artifact in the trash.

use shared::{Context, Endpoint, Input, NoContent, Nothing, Problem, Route, model::accounts::Id, sql};

use super::read::ArtifactPath;

/// Puts an artifact in its owner's trash: it is hidden at once, can be taken out again for 30 days, and is then removed for
/// good. Forks of it stay what they are.
pub struct DeleteArtifact;

impl Endpoint for DeleteArtifact {
    const ROUTE: Route =
        Route::delete("/v1/artifacts/{id}", "Put an artifact in the trash for 30 days; forks of it stay");
    type Path = ArtifactPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoContent;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let delete = sql("
            update artifacts set deleted_at = now()
            where id = $1 and owner_user_id = auth.uid() and deleted_at is null
            returning id
        ")
        .bind(input.path.id);
        context.one::<Id>(delete).await?;
        Ok(NoContent)
    }
}
