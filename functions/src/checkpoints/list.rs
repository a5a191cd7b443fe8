//! GET /v1/containers/{id}/checkpoints: the checkpoints of a sandbox.

use shared::{
    Context, Endpoint, Input, Nothing, Page, Paging, Problem, Route,
    context::{read_all, read_one},
    model::{
        accounts::Id,
        checkpoints::{CHECKPOINT, Checkpoint},
        containers::select_container_id,
    },
    page::after,
    sql,
};

use crate::containers::read::ContainerPath;

/// Lists checkpoints, without their files.
pub struct ListCheckpoints;

impl Endpoint for ListCheckpoints {
    const ROUTE: Route =
        Route::get("/v1/containers/{id}/checkpoints", "List the checkpoints of a sandbox, newest first");
    type Path = ContainerPath;
    type Query = Paging;
    type Body = Nothing;
    type Reply = Page<Checkpoint>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let Paging { limit, cursor } = input.query;
        let checkpoints = sql(format!(
            "select {CHECKPOINT}
             where checkpoints.container_id = $1 and checkpoints.user_id = auth.uid() and {}
             order by checkpoints.created_at desc, checkpoints.id desc
             limit $4",
            after(cursor, "checkpoints", 2)
        ))
        .bind(input.path.id)
        .bind(cursor.map(|cursor| cursor.created_at))
        .bind(cursor.map(|cursor| cursor.id))
        .bind(limit.and_one());
        let [container, checkpoints] = context.fly([select_container_id(input.path.id), checkpoints]).await?;
        read_one::<Id>(&container)?;
        Ok(Page::new(read_all::<Checkpoint>(&checkpoints)?, limit))
    }
}
