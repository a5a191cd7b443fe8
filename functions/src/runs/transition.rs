//! POST /v1/runs/{id}/transitions: say how far a run is.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Sql, Storage,
    context::read_one,
    from_row,
    model::runs::{Run, STATUSES, Status, select_run},
    problem, sql,
    text::Text,
};
use uuid::Uuid;

use super::read::RunPath;

/// Moves a run on to the next stage, or to its end.
pub struct TransitionRun;

/// Where a run goes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"to": "requirements"}))]
pub struct Transition {
    /// The next of pending, requirements, architecture, implementer, reviewer, completed; or failed, from any but the
    /// last.
    to: Status,
    /// Why it failed; only with `failed`.
    #[serde(default)]
    error: Option<Text<1, 2000>>,
}

struct Before {
    status: String,
}

from_row!(Before { status });

impl Endpoint for TransitionRun {
    const ROUTE: Route = Route::post("/v1/runs/{id}/transitions", "Move a run on to its next stage, or to its end")
        .storage(Storage::Read)
        .problems(&[&problem::ARCHIVED, &problem::CONFLICT]);
    type Path = RunPath;
    type Query = Nothing;
    type Body = Transition;
    type Reply = Json<Run>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (id, Transition { to, error }) = (input.path.id, input.body);
        if error.is_some() && to != Status::Failed {
            return Err(Problem::invalid("/error", "must come only with failed"));
        }
        let lock =
            sql("select status from generation_runs where id = $1 and user_id = auth.uid() for no key update").bind(id);
        let [before, moved, run] = context.fly([lock, advance(id, to, error), select_run(id)]).await?;
        let run = Run::read(&run, context.bucket()?)?;
        if moved.is_empty() { Err(not_allowed(&read_one::<Before>(&before)?.status)) } else { Ok(Json(run)) }
    }
}

fn advance(id: Uuid, to: Status, error: Option<Text<1, 2000>>) -> Sql {
    sql("
        update generation_runs set
            status = $2,
            error = $3,
            requirements_at = case when $2 = 'requirements' then now() else requirements_at end,
            architecture_at = case when $2 = 'architecture' then now() else architecture_at end,
            implementer_at = case when $2 = 'implementer' then now() else implementer_at end,
            reviewer_at = case when $2 = 'reviewer' then now() else reviewer_at end,
            finished_at = case when $2 in ('completed', 'failed') then now() end,
            reported_at = now()
        where id = $1 and user_id = auth.uid() and status = any ($4) and project_is_open(project_id)
        returning id
    ")
    .bind(id)
    .bind(to.as_str())
    .bind(error.map(Text::into_string))
    .bind(to.previous().map(|status| status.as_str().to_owned()).collect::<Vec<_>>())
}

/// What a run in this status may do instead.
fn not_allowed(status: &str) -> Problem {
    let next = STATUSES.into_iter().find(|other| other.as_str() == status).map(Status::next).unwrap_or_default();
    let allowed: Vec<&str> = next.iter().map(|status| status.as_str()).collect();
    let (detail, error) = if allowed.is_empty() {
        (format!("The run is {status}, and stays so."), "must not come any more".to_owned())
    } else {
        let allowed = allowed.join(" or ");
        (format!("The run is {status}: it can become {allowed}."), format!("must be {allowed}"))
    };
    Problem::new(&problem::CONFLICT, detail).at("/to", error)
}
