//! GET /v1/projects/{id}/runs: the runs of a project.

use shared::{
    Context, Endpoint, Input, Nothing, Page, Paging, Problem, Route, Storage,
    context::{read_all, read_one},
    model::{
        accounts::Id,
        projects::select_project_id,
        runs::{RUN, Run},
    },
    page::after,
    sql,
};

use crate::projects::read::ProjectPath;

/// Lists the runs of a project, newest first.
pub struct ListRuns;

impl Endpoint for ListRuns {
    const ROUTE: Route = Route::get("/v1/projects/{id}/runs", "List the runs of a project").storage(Storage::Read);
    type Path = ProjectPath;
    type Query = Paging;
    type Body = Nothing;
    type Reply = Page<Run>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let Paging { limit, cursor } = input.query;
        let select = sql(format!(
            "select {RUN}
             from generation_runs runs
             where runs.project_id = $1 and runs.user_id = auth.uid() and {}
             order by runs.created_at desc, runs.id desc
             limit $4",
            after(cursor, "runs", 2)
        ))
        .bind(input.path.id)
        .bind(cursor.map(|cursor| cursor.created_at))
        .bind(cursor.map(|cursor| cursor.id))
        .bind(limit.and_one());
        let [project, runs] = context.fly([select_project_id(input.path.id), select]).await?;
        read_one::<Id>(&project)?;
        let mut runs: Vec<Run> = read_all(&runs)?;
        let bucket = context.bucket()?;
        runs.iter_mut().try_for_each(|run| run.sign(bucket))?;
        Ok(Page::new(runs, limit))
    }
}
