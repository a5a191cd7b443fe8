//! POST /v1/containers/{id}/checkpoints/{checkpoint}/restore: make a sandbox's tree what it was.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Sql,
    context::read_one,
    model::{
        accounts::Id,
        checkpoints::{Checkpoint, select_checkpoint},
        containers::OWN,
    },
    sql,
};
use uuid::Uuid;

/// Goes back to a checkpoint: files added since are deleted, and those changed or deleted since are as they were. What
/// they held meanwhile stays in their history.
pub struct RestoreCheckpoint;

/// The checkpoint.
#[derive(Deserialize, JsonSchema)]
pub struct CheckpointPath {
    /// The sandbox.
    id: Uuid,
    /// The checkpoint.
    checkpoint: Uuid,
}

impl Endpoint for RestoreCheckpoint {
    const ROUTE: Route =
        Route::post("/v1/containers/{id}/checkpoints/{checkpoint}/restore", "Make a sandbox's tree what it was");
    type Path = CheckpointPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Checkpoint>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let CheckpointPath { id, checkpoint } = input.path;
        // The lock that keeps files from being put meanwhile.
        let lock =
            sql(format!("select containers.id from containers where containers.id = $1 and {OWN} for update")).bind(id);
        let [container, _, _, _, found] = context
            .fly([
                lock,
                remove(id, checkpoint),
                revive(id, checkpoint),
                put(id, checkpoint),
                select_checkpoint(id, checkpoint),
            ])
            .await?;
        read_one::<Id>(&container)?;
        Ok(Json(read_one(&found)?))
    }
}

fn statement(text: &'static str, container_id: Uuid, checkpoint_id: Uuid) -> Sql {
    let checkpoint = format!(
        "(select checkpoints.id, checkpoints.container_id, checkpoints.user_id
          from checkpoints
          join containers on containers.id = checkpoints.container_id and {OWN}
          where checkpoints.id = $2 and checkpoints.container_id = $1 and checkpoints.user_id = auth.uid()) checkpoint"
    );
    sql(text.replace("{checkpoint}", &checkpoint)).bind(container_id).bind(checkpoint_id)
}

fn remove(container_id: Uuid, checkpoint_id: Uuid) -> Sql {
    let text = "
        update files set is_deleted = true
        from {checkpoint}
        where files.container_id = checkpoint.container_id
          and files.user_id = auth.uid()
          and not files.is_deleted
          and files.file_path not in (select file_path from checkpoint_files where checkpoint_id = $2)
    ";
    statement(text, container_id, checkpoint_id)
}

/// Of the files that were deleted at a path, the last one goes on.
fn revive(container_id: Uuid, checkpoint_id: Uuid) -> Sql {
    let text = "
        update files set is_deleted = false
        where id in (
            select distinct on (manifest.file_path)
                case when former.is_deleted then former.id end
            from {checkpoint}
            join checkpoint_files manifest on manifest.checkpoint_id = checkpoint.id
            join files former on former.container_id = checkpoint.container_id and former.file_path = manifest.file_path
            order by manifest.file_path, former.is_deleted, former.updated_at desc, former.id desc
        )
    ";
    statement(text, container_id, checkpoint_id)
}

fn put(container_id: Uuid, checkpoint_id: Uuid) -> Sql {
    let text = "
        insert into files (container_id, user_id, file_path, file_name, file_size, mime_type, blob_id)
        select
            checkpoint.container_id, checkpoint.user_id, manifest.file_path, manifest.file_name, manifest.file_size,
            manifest.mime_type, manifest.blob_id
        from {checkpoint}
        join checkpoint_files manifest on manifest.checkpoint_id = checkpoint.id
        on conflict (container_id, file_path) where not is_deleted do update set
            file_name = excluded.file_name,
            file_size = excluded.file_size,
            mime_type = excluded.mime_type,
            blob_id = excluded.blob_id
        where (files.file_name, files.file_size, files.mime_type, files.blob_id)
            is distinct from (excluded.file_name, excluded.file_size, excluded.mime_type, excluded.blob_id)
    ";
    statement(text, container_id, checkpoint_id)
}
