//! DELETE /v1/drive/connection: take it back that Atelier may write to one's Google Drive.

use shared::{
    Context, Endpoint, Input, NoContent, Nothing, Problem, Route, Sql,
    context::read_one,
    model::{accounts::Id, drive::lock_jobs},
    sql,
};

/// Disconnects Google Drive. What is exported stays there; what is not yet done is given up.
pub struct DisconnectDrive;

impl Endpoint for DisconnectDrive {
    const ROUTE: Route = Route::delete("/v1/drive/connection", "Disconnect the caller's Google Drive");
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoContent;

    async fn handle(_: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        // A trigger has the token revoked.
        let delete = sql("delete from drive_connections where user_id = auth.uid() returning user_id as id");
        let [_, deleted, _, _] = context.fly([lock_jobs(), delete, forget_jobs(), give_up_exports()]).await?;
        read_one::<Id>(&deleted)?;
        Ok(NoContent)
    }
}

fn give_up_exports() -> Sql {
    sql("
        update drive_files set state = 'failed', error = 'not_connected'
        where user_id = auth.uid() and state in ('queued', 'uploading')
    ")
}

fn forget_jobs() -> Sql {
    sql("delete from jobs where user_id = auth.uid() and kind in ('drive_export', 'drive_sync', 'drive_delete')")
}
