//! POST /v1/containers/{id}/transitions: say that a sandbox was started, stopped or deleted.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Sql,
    context::read_one,
    from_row,
    model::containers::{CONTAINER, Container, ContainerStatus, PORTS},
    problem, sql,
};
use uuid::Uuid;

use super::read::ContainerPath;

/// Moves a sandbox from one status to another. One that is not live any more gives its port back.
pub struct TransitionContainer;

/// Where a sandbox goes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"to": "running", "assign_port": true}))]
pub struct ContainerTransition {
    /// What it is from now on: running after created or stopped, stopped after running, deleted after any other.
    to: ContainerStatus,
    /// Whether to give it a port, unless it has one; only with `running`.
    #[serde(default)]
    assign_port: bool,
}

struct Before {
    status: String,
}

from_row!(Before { status });

impl Endpoint for TransitionContainer {
    const ROUTE: Route = Route::post("/v1/containers/{id}/transitions", "Move a sandbox from one status to another")
        .problems(&[&problem::CONFLICT, &problem::PORTS_EXHAUSTED]);
    type Path = ContainerPath;
    type Query = Nothing;
    type Body = ContainerTransition;
    type Reply = Json<Container>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (id, ContainerTransition { to, assign_port }) = (input.path.id, input.body);
        if assign_port && to != ContainerStatus::Running {
            return Err(Problem::invalid("/assign_port", "must come only with running"));
        }
        let lock =
            sql("select status from containers where id = $1 and user_id = auth.uid() for no key update").bind(id);
        let select = sql(format!("select {CONTAINER} where containers.id = $1 and containers.user_id = auth.uid()"));
        let [before, moved, _, container] =
            context.fly([lock, move_to(id, to), assign(id, assign_port), select.bind(id)]).await?;
        let before: Before = read_one(&before)?;
        if moved.is_empty() { Err(not_allowed(&before.status)) } else { Ok(Json(read_one(&container)?)) }
    }
}

/// Moves a container of the caller's, if it may go there from where it is.
pub(super) fn move_to(id: Uuid, to: ContainerStatus) -> Sql {
    let from = ContainerStatus::ALL.into_iter().filter(|status| status.next().contains(&to));
    sql("
        update containers set
            status = $2,
            started_at = case when $2 = 'running' then now() else started_at end,
            stopped_at = case when status = 'running' then now() else stopped_at end,
            assigned_port = case when status = 'created' and $2 = 'running' then assigned_port end
        where id = $1 and user_id = auth.uid() and status = any ($3)
        returning id
    ")
    .bind(id)
    .bind(to.as_str())
    .bind(from.map(|status| status.as_str().to_owned()).collect::<Vec<_>>())
}

/// Gives a port to the container that this transaction started.
fn assign(id: Uuid, assign_port: bool) -> Sql {
    sql("
        select assign_port(id, $2, $3)
        from containers
        where id = $1 and user_id = auth.uid() and status = 'running' and started_at = now() and $4
    ")
    .bind(id)
    .bind(*PORTS.start())
    .bind(*PORTS.end())
    .bind(assign_port)
}

/// What a container with this status can become instead.
fn not_allowed(status: &str) -> Problem {
    let next = ContainerStatus::ALL.into_iter().find(|other| other.as_str() == status).map(ContainerStatus::next);
    let allowed: Vec<&str> = next.unwrap_or_default().iter().map(|status| status.as_str()).collect();
    let (detail, error) = if allowed.is_empty() {
        (format!("The container is {status}, and stays so."), "must not come any more".to_owned())
    } else {
        let allowed = allowed.join(" or ");
        (format!("The container is {status}: it can become {allowed}."), format!("must be {allowed}"))
    };
    Problem::new(&problem::CONFLICT, detail).at("/to", error)
}
