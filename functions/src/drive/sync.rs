//! POST /v1/drive/syncs: look at Google Drive now.

use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Sql,
    context::read_one,
    model::drive::{Connection, select_connection},
    problem, sql,
};

/// Asks for a sync at once; otherwise there is one each hour. `synced_at` tells when it was done.
pub struct SyncDrive;

/// Nothing to say.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({}))]
pub struct NewSync {}

impl Endpoint for SyncDrive {
    const ROUTE: Route =
        Route::post("/v1/drive/syncs", "Look at Google Drive now").problems(&[&problem::DRIVE_NOT_CONNECTED]);
    type Path = Nothing;
    type Query = Nothing;
    type Body = NewSync;
    type Reply = Json<Connection>;

    async fn handle(_: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let [_, _, connection] = context.fly([hurry(), check_connection(), select_connection()]).await?;
        Ok(Json(read_one(&connection)?))
    }
}

/// Holds the caller's connection, or refuses.
pub(super) fn check_connection() -> Sql {
    sql("
        select coalesce(
            (select user_id::text from drive_connections where user_id = auth.uid() and state = 'connected' for update),
            refuse('drive_not_connected')::text
        )
    ")
}

/// A sync that is under way, or waits because it failed, is left alone.
fn hurry() -> Sql {
    sql("
        update jobs set run_at = now()
        where user_id = auth.uid() and kind = 'drive_sync' and state = 'queued' and lease is null and attempts = 0
    ")
}
