//! GET /v1/users/me: the caller's account.

use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route,
    model::accounts::{User, select_me},
};

/// Reads the caller's account.
pub struct ReadUser;

impl Endpoint for ReadUser {
    const ROUTE: Route = Route::get("/v1/users/me", "Read the caller's account");
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<User>;

    async fn handle(_: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        Ok(Json(context.one(select_me()).await?))
    }
}
