//! GET /v1/tools/stats: which tools the caller used how much, and how long they took.

use std::collections::HashMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Resource, Route, Sql, from_row, model::statistics::Days, sql,
};

/// Reads the statistics of the caller's tools.
pub struct ReadToolStats;

/// Which days.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// How many days, in UTC, with today: 1 to 365.
    #[serde(default)]
    days: Days<365>,
}

/// Statistics of the caller's tools.
#[derive(Serialize, JsonSchema)]
pub struct ToolStats {
    /// How many days they are about.
    days: i32,
    /// The tools, most used first; the 50 most used.
    tools: Vec<ToolFigures>,
}

impl Resource for ToolStats {}

/// A tool in that time.
#[derive(Serialize, JsonSchema)]
pub struct ToolFigures {
    /// The tool.
    tool_name: String,
    /// All of the time.
    #[serde(flatten)]
    total: Figures,
    /// Day by day, the newest first; days without a use are left out.
    days: Vec<DayFigures>,
}

/// A tool on a day.
#[derive(Serialize, JsonSchema)]
pub struct DayFigures {
    /// The day, in UTC.
    day: Date,
    /// What there was on that day.
    #[serde(flatten)]
    figures: Figures,
}

/// How much a tool was used, and how long it took.
#[derive(Serialize, JsonSchema)]
pub struct Figures {
    /// How often it was used.
    uses: i64,
    /// How often it did not end in success.
    failures: i64,
    /// Half of the uses took this long at most, in milliseconds, within 5 %; null where none was measured.
    p50_duration_ms: Option<i32>,
    /// 95 of 100 uses took this long at most, in milliseconds, within 5 %; null where none was measured.
    p95_duration_ms: Option<i32>,
}

struct FiguresRow {
    tool_name: String,
    day: Option<Date>,
    uses: i64,
    failures: i64,
    p50_duration_ms: Option<i32>,
    p95_duration_ms: Option<i32>,
}

from_row!(FiguresRow { tool_name, day, uses, failures, p50_duration_ms, p95_duration_ms });

impl Endpoint for ReadToolStats {
    const ROUTE: Route =
        Route::get("/v1/tools/stats", "Read how much the caller's tools were used, and how long they took");
    type Path = Nothing;
    type Query = Period;
    type Body = Nothing;
    type Reply = Json<ToolStats>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let days = input.query.days.0;
        let rows: Vec<FiguresRow> = context.list(select(days)).await?;
        let mut tools: Vec<ToolFigures> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for row in rows {
            let FiguresRow { tool_name, day, uses, failures, p50_duration_ms, p95_duration_ms } = row;
            let figures = Figures { uses, failures, p50_duration_ms, p95_duration_ms };
            match day {
                None => {
                    places.insert(tool_name.clone(), tools.len());
                    tools.push(ToolFigures { tool_name, total: figures, days: Vec::new() });
                }
                Some(day) => {
                    if let Some(place) = places.get(&tool_name) {
                        tools[*place].days.push(DayFigures { day, figures });
                    }
                }
            }
        }
        Ok(Json(ToolStats { days, tools }))
    }
}

/// First the tools, most used first, then their days. Uses are added up from the shortest on until a share is reached.
#[must_use]
pub fn select(days: i32) -> Sql {
    sql("
        with counted as (
            select tool_name, day, duration_class, sum(uses)::bigint as uses, sum(failures)::bigint as failures
            from tool_usage_days
            where user_id = (select auth.uid()) and day > (now() at time zone 'UTC')::date - $1
            group by grouping sets ((tool_name, duration_class), (tool_name, day, duration_class))
        ),
        added_up as (
            select
                *,
                sum(uses) filter (where duration_class >= 0)
                    over (partition by tool_name, day order by duration_class) as reached,
                sum(uses) filter (where duration_class >= 0) over (partition by tool_name, day) as measured
            from counted
        ),
        figures as (
            select
                tool_name, day, sum(uses)::bigint as uses, sum(failures)::bigint as failures,
                class_duration(min(duration_class) filter (where reached >= 0.50 * measured and uses > 0)) as p50_duration_ms,
                class_duration(min(duration_class) filter (where reached >= 0.95 * measured and uses > 0)) as p95_duration_ms
            from added_up
            group by tool_name, day
            having sum(uses) > 0
        ),
        most_used as (
            select tool_name from figures where day is null order by uses desc, tool_name limit 50
        )
        select figures.*
        from figures
        join most_used using (tool_name)
        order by figures.day desc nulls first, figures.uses desc, figures.tool_name
    ")
    .bind(days)
}
