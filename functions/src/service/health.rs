//! GET /v1/health: whether the service and its database answer.

use schemars::JsonSchema;
use serde::Serialize;
use shared::{Access, Context, Endpoint, Input, Json, Nothing, Problem, Resource, Route, sql};

/// Tells whether the service works.
pub struct ReadHealth;

/// How the service is.
#[derive(Serialize, JsonSchema)]
pub struct Health {
    /// Always `ok`: when it is not, the answer is a problem.
    status: &'static str,
    /// The version of this program.
    version: &'static str,
}

impl Resource for Health {}

impl Endpoint for ReadHealth {
    const ROUTE: Route =
        Route::get("/v1/health", "See whether the service and its database answer").access(Access::Anyone);
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Health>;

    async fn handle(_: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        context.fly([sql("select 1")]).await?;
        Ok(Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") }))
    }
}
