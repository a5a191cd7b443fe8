//! GET /v1/records/{id}: what a stage of a run produced.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Storage,
    model::records::{Record, select_record},
};
use uuid::Uuid;

/// Reads a record.
pub struct ReadRecord;

/// The record.
#[derive(Deserialize, JsonSchema)]
pub struct RecordPath {
    /// The record.
    pub id: Uuid,
}

impl Endpoint for ReadRecord {
    const ROUTE: Route = Route::get("/v1/records/{id}", "Read what a stage of a run produced").storage(Storage::Read);
    type Path = RecordPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Record>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let mut record: Record = context.one(select_record(input.path.id)).await?;
        record.sign(context.bucket()?)?;
        Ok(Json(record))
    }
}
