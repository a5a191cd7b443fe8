//! DELETE /v1/sessions/current: sign out.

use shared::{Context, Endpoint, Input, NoContent, Nothing, Problem, Route, sql};

/// Signs out.
pub struct DeleteCurrentSession;

impl Endpoint for DeleteCurrentSession {
    const ROUTE: Route = Route::delete("/v1/sessions/current", "Sign out");
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoContent;

    async fn handle(_: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let end = sql("update sessions set is_active = false where id = auth.session_id() and user_id = auth.uid()");
        context.fly([end]).await?;
        Ok(NoContent)
    }
}
