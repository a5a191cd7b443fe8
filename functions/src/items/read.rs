//! GET /v1/items/{id}: a note.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route,
    model::items::{Item, select_item},
};
use uuid::Uuid;

/// Reads a note.
pub struct ReadItem;

/// The note.
#[derive(Deserialize, JsonSchema)]
pub struct ItemPath {
    /// The note.
    pub id: Uuid,
}

impl Endpoint for ReadItem {
    const ROUTE: Route = Route::get("/v1/items/{id}", "Read a note");
    type Path = ItemPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Item>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        Ok(Json(context.one(select_item(input.path.id)).await?))
    }
}
