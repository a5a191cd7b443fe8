//! DELETE /v1/drive/files/{id}: forget an export, and delete it from Google Drive.

use shared::{
    Context, Endpoint, Input, NoContent, Nothing, Problem, Route, Sql, context::read_one, model::accounts::Id, sql,
};
use uuid::Uuid;

use super::read::DriveFilePath;

/// Deletes an export: here at once, in Drive as soon as the queue comes to it. Drive lets Atelier delete only what it made.
pub struct DeleteDriveFile;

impl Endpoint for DeleteDriveFile {
    const ROUTE: Route = Route::delete("/v1/drive/files/{id}", "Delete an export, here and in Google Drive");
    type Path = DriveFilePath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoContent;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = input.path.id;
        let delete = sql("delete from drive_files where id = $1 and user_id = auth.uid() returning id").bind(id);
        let [_, _, deleted] = context.fly([lock(id), queue(id), delete]).await?;
        read_one::<Id>(&deleted)?;
        Ok(NoContent)
    }
}

/// A worker that is about to write down that the upload goes on comes before this, or finds nothing to write to.
fn lock(id: Uuid) -> Sql {
    sql("select id from jobs where export_id = $1 and user_id = auth.uid() for update").bind(id)
}

/// After a worker that is still uploading it has noticed: its lease ends first. Without a connection there is nothing to do.
fn queue(id: Uuid) -> Sql {
    sql("
        insert into jobs (user_id, kind, target, state, run_at)
        select
            drive_files.user_id, 'drive_delete', drive_files.drive_file_id,
            case connections.state when 'connected' then 'queued' else 'waiting' end,
            coalesce(
                (select greatest(jobs.run_at, now())
                 from jobs
                 where jobs.export_id = drive_files.id and jobs.lease is not null),
                now()
            )
        from drive_files
        join drive_connections connections on connections.user_id = drive_files.user_id
        where drive_files.id = $1
          and drive_files.user_id = auth.uid()
          and drive_files.drive_file_id is not null
          and drive_files.state <> 'removed'
    ")
    .bind(id)
}
