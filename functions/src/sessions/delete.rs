//! DELETE /v1/sessions/{id}: end one of the caller's sessions.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{Context, Endpoint, Input, NoContent, Nothing, Problem, Route, model::accounts::Id, sql};
use uuid::Uuid;

/// Ends a session at once.
pub struct DeleteSession;

/// The session.
#[derive(Deserialize, JsonSchema)]
pub struct SessionPath {
    /// The session.
    id: Uuid,
}

impl Endpoint for DeleteSession {
    const ROUTE: Route = Route::delete("/v1/sessions/{id}", "End one of the caller's sessions at once");
    type Path = SessionPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoContent;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let end = sql("
            update sessions set is_active = false
            where id = $1 and user_id = auth.uid() and is_active
            returning id
        ")
        .bind(input.path.id);
        context.one::<Id>(end).await?;
        Ok(NoContent)
    }
}
