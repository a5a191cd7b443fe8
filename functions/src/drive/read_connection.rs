//! GET /v1/drive/connection: whether Google Drive is connected.

use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route,
    model::drive::{Connection, select_connection},
};

/// Reads the connection; 404 where there is none.
pub struct ReadDriveConnection;

impl Endpoint for ReadDriveConnection {
    const ROUTE: Route = Route::get("/v1/drive/connection", "Read the caller's connection to Google Drive");
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Connection>;

    async fn handle(_: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        Ok(Json(context.one(select_connection()).await?))
    }
}
