//! DELETE /v1/shares/{id}: take a link back.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{Context, Endpoint, Input, NoContent, Nothing, Problem, Route, model::accounts::Id, sql};
use uuid::Uuid;

/// Revokes a link at once. Its row stays, so that whoever has the link is told so.
pub struct DeleteShare;

/// The link.
#[derive(Deserialize, JsonSchema)]
pub struct SharePath {
    /// The link.
    id: Uuid,
}

impl Endpoint for DeleteShare {
    const ROUTE: Route = Route::delete("/v1/shares/{id}", "Revoke a link at once");
    type Path = SharePath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoContent;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let revoke = sql("
            update shares set revoked_at = now()
            where id = $1 and user_id = auth.uid() and revoked_at is null
            returning id
        ")
        .bind(input.path.id);
        context.one::<Id>(revoke).await?;
        Ok(NoContent)
    }
}
