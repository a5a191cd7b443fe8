//! GET /v1/documents/{id}: a document.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Storage,
    model::documents::{Document, select_document},
};
use uuid::Uuid;

/// Reads a document.
pub struct ReadDocument;

/// The document.
#[derive(Deserialize, JsonSchema)]
pub struct DocumentPath {
    /// The document.
    pub id: Uuid,
}

impl Endpoint for ReadDocument {
    const ROUTE: Route = Route::get("/v1/documents/{id}", "Read a document").storage(Storage::Read);
    type Path = DocumentPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Document>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let mut document: Document = context.one(select_document(input.path.id)).await?;
        document.sign(context.bucket()?)?;
        Ok(Json(document))
    }
}
