//! GET /v1/runs/{id}: a run, at once or as soon as there is news of it.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Sql, Storage, from_row, inline_schema,
    model::runs::{Run, VISIBLE, select_run},
    sql,
};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

/// Reads a run. With `after` and `wait` it answers as soon as the run is another than the caller knows, or has ended, or
/// the time is over: a client that gives the last ETag each time follows the run's progress.
pub struct ReadRun;

/// The run.
#[derive(Deserialize, JsonSchema)]
pub struct RunPath {
    /// The run.
    pub id: Uuid,
}

/// What the caller knows, and how long to wait for more.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The ETag of the run as last read.
    #[serde(default)]
    after: Option<Tag>,
    /// Seconds to wait at most for another one than `after`.
    #[serde(default)]
    wait: Wait,
}

/// The revision in an ETag, which may come without its quotes.
#[derive(Clone, Copy, PartialEq)]
struct Tag(i64);

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let revision = text.trim_start_matches("W/").trim_matches('"').split('-').next().unwrap_or_default();
        revision.parse().map(Self).map_err(|_| de::Error::custom("must be the ETag of a run"))
    }
}

inline_schema!(Tag, {"type": "string", "examples": ["\"3-0f343b0931126a20\""]});

/// Seconds: 0 to 20, as the gateway allows 30 for all of a request.
#[derive(Clone, Copy, Default)]
struct Wait(u64);

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = u64::deserialize(deserializer)?;
        if seconds <= 20 { Ok(Self(seconds)) } else { Err(de::Error::custom("must be 0 to 20")) }
    }
}

inline_schema!(Wait, {"type": "integer", "minimum": 0, "maximum": 20, "default": 0});

/// All that a look at a run that may have changed needs.
struct State {
    revision: i64,
    has_ended: bool,
}

from_row!(State { revision, has_ended });

impl Endpoint for ReadRun {
    const ROUTE: Route =
        Route::get("/v1/runs/{id}", "Read a run, or wait for news of it").storage(Storage::Read).timeout(29);
    type Path = RunPath;
    type Query = Known;
    type Body = Nothing;
    type Reply = Json<Run>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = input.path.id;
        let deadline = Instant::now() + Duration::from_secs(input.query.wait.0);
        if let Some(known) = input.query.after {
            // Further flights, one a second: whoever waits asked for them. No connection is held between them.
            while Instant::now() < deadline {
                let state: State = context.one(select_state(id)).await?;
                if Tag(state.revision) != known || state.has_ended {
                    break;
                }
                sleep_until(deadline.min(Instant::now() + Duration::from_secs(1))).await;
            }
        }
        let [run] = context.fly([select_run(id)]).await?;
        Ok(Json(Run::read(&run, context.bucket()?)?))
    }
}

fn select_state(id: Uuid) -> Sql {
    sql(format!(
        "select runs.revision, runs.status in ('completed', 'failed') as has_ended
         from generation_runs runs
         where runs.id = $1 and {VISIBLE}"
    ))
    .bind(id)
}
