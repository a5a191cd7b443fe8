//! POST /v1/projects/{id}/runs: begin a generation run.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Route, Sql, Storage,
    model::runs::{PROMPT_CHARACTERS, Run, insert_prompt, select_run},
    problem, sql,
    text::{Sha256, Text},
};
use uuid::Uuid;

use crate::projects::read::ProjectPath;

/// Begins a run, which is pending then.
pub struct CreateRun;

/// A new run.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"prompt": "A clock with two hands."}))]
pub struct NewRun {
    /// What is asked for.
    prompt: Text<1, 1_000_000>,
}

impl Endpoint for CreateRun {
    const ROUTE: Route = Route::post("/v1/projects/{id}/runs", "Begin a generation run")
        .storage(Storage::Read)
        .problems(&[&problem::ARCHIVED]);
    type Path = ProjectPath;
    type Query = Nothing;
    type Body = NewRun;
    type Reply = Created<Run>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (id, whole) = (Uuid::now_v7(), input.body.prompt.into_string());
        let beginning: String = whole.chars().take(PROMPT_CHARACTERS).collect();
        let run = if beginning.len() < whole.len() {
            let sha256 = Sha256::of(whole.as_bytes());
            let insert = insert(id, input.path.id, beginning, Some(sha256));
            let [_, _, run] = context.fly([insert_prompt(&whole), insert, select_run(id)]).await?;
            run
        } else {
            let [_, run] = context.fly([insert(id, input.path.id, beginning, None), select_run(id)]).await?;
            run
        };
        Ok(Created(Run::read(&run, context.bucket()?)?))
    }
}

/// Refuses where there is no such project, so that a prompt stored for it does not stay.
fn insert(id: Uuid, project_id: Uuid, prompt: String, whole: Option<Sha256>) -> Sql {
    sql("
        with inserted as (
            insert into generation_runs (id, project_id, user_id, prompt, prompt_blob_id)
            select
                $1, projects.id, projects.owner_id, $3,
                (select blobs.id from blobs where blobs.user_id = auth.uid() and blobs.sha256 = $4)
            from projects
            where projects.id = $2 and projects.owner_id = auth.uid() and project_is_open(projects.id)
            returning id
        )
        select id from inserted
        union all
        select $1 where case when not exists (select from inserted) then refuse('not_found') end
    ")
    .bind(id)
    .bind(project_id)
    .bind(prompt)
    .bind(whole.map(|sha256| sha256.0.to_vec()))
}
