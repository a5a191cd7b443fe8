//! DELETE /v1/profiles/me/avatar: show no picture on the caller's profile.

use shared::{Context, Endpoint, Input, NoContent, Nothing, Problem, Route, sql};

/// Takes the picture off.
pub struct DeleteAvatar;

impl Endpoint for DeleteAvatar {
    const ROUTE: Route = Route::delete("/v1/profiles/me/avatar", "Show no picture on the caller's profile");
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoContent;

    async fn handle(_: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let clear = sql("
            update profiles set avatar_blob_id = null
            where user_id = auth.uid() and avatar_blob_id is not null
        ");
        context.fly([clear]).await?;
        Ok(NoContent)
    }
}
