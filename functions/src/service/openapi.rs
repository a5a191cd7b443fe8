//! GET /v1/openapi.json: this API, described.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::{Access, Context, Endpoint, Input, Json, Nothing, Problem, Resource, Route};

/// Describes the API.
pub struct ReadOpenapi;

/// An OpenAPI 3.1 document.
#[derive(Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Document(#[schemars(with = "shared::text::Object")] &'static RawValue);

impl Resource for Document {}

impl Endpoint for ReadOpenapi {
    const ROUTE: Route =
        Route::get("/v1/openapi.json", "Read this description of the API").access(Access::Anyone).no_database();
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Document>;

    async fn handle(_: Input<Self>, _: &mut Context) -> Result<Self::Reply, Problem> {
        let document = serde_json::from_str(include_str!("../../openapi.json")).map_err(Problem::internal)?;
        Ok(Json(Document(document)))
    }
}
