//! GET /v1/containers/{id}: a sandbox.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route,
    model::containers::{Container, select_container},
};
use uuid::Uuid;

/// Reads a sandbox.
pub struct ReadContainer;

/// The sandbox.
#[derive(Deserialize, JsonSchema)]
pub struct ContainerPath {
    /// The sandbox.
    pub id: Uuid,
}

impl Endpoint for ReadContainer {
    const ROUTE: Route = Route::get("/v1/containers/{id}", "Read a sandbox");
    type Path = ContainerPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Container>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        Ok(Json(context.one(select_container(input.path.id)).await?))
    }
}
