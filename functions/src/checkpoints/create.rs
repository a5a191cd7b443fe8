//! POST /v1/containers/{id}/checkpoints: keep a sandbox's whole tree as it is.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Route, Sql,
    context::read_one,
    model::{
        checkpoints::{Checkpoint, select_checkpoint},
        containers::OWN,
    },
    sql,
    text::Text,
};
use uuid::Uuid;

use crate::containers::read::ContainerPath;

/// Makes a checkpoint. No bytes are copied.
pub struct CreateCheckpoint;

/// A new checkpoint.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"name": "Before the rewrite"}))]
pub struct NewCheckpoint {
    /// What to call it.
    name: Text<1, 200>,
}

impl Endpoint for CreateCheckpoint {
    const ROUTE: Route = Route::post("/v1/containers/{id}/checkpoints", "Keep a sandbox's whole tree as it is");
    type Path = ContainerPath;
    type Query = Nothing;
    type Body = NewCheckpoint;
    type Reply = Created<Checkpoint>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (container_id, id) = (input.path.id, Uuid::now_v7());
        let insert = sql(format!(
            "insert into checkpoints (id, container_id, user_id, name)
             select $2, containers.id, containers.user_id, $3
             from containers
             where containers.id = $1 and {OWN}"
        ))
        .bind(container_id)
        .bind(id)
        .bind(input.body.name.into_string());
        let [_, _, _, checkpoint] =
            context.fly([insert, copy_files(id), count_files(id), select_checkpoint(container_id, id)]).await?;
        Ok(Created(read_one(&checkpoint)?))
    }
}

fn copy_files(id: Uuid) -> Sql {
    sql("
        insert into checkpoint_files (checkpoint_id, file_path, file_name, file_size, mime_type, blob_id)
        select checkpoints.id, files.file_path, files.file_name, files.file_size, files.mime_type, files.blob_id
        from checkpoints
        join files on files.container_id = checkpoints.container_id
        where checkpoints.id = $1
          and checkpoints.user_id = auth.uid()
          and files.user_id = auth.uid()
          and not files.is_deleted
    ")
    .bind(id)
}

fn count_files(id: Uuid) -> Sql {
    sql("
        update checkpoints set (files_count, size) = (
            select count(*), coalesce(sum(manifest.file_size), 0)
            from checkpoint_files manifest
            where manifest.checkpoint_id = $1
        )
        where id = $1 and user_id = auth.uid()
    ")
    .bind(id)
}
