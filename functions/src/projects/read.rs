//! GET /v1/projects/{id}: a project.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route,
    model::projects::{Project, select_project},
};
use uuid::Uuid;

/// Reads a project.
pub struct ReadProject;

/// The project.
#[derive(Deserialize, JsonSchema)]
pub struct ProjectPath {
    /// The project.
    pub id: Uuid,
}

impl Endpoint for ReadProject {
    const ROUTE: Route = Route::get("/v1/projects/{id}", "Read a project");
    type Path = ProjectPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Project>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        Ok(Json(context.one(select_project(input.path.id)).await?))
    }
}
