//! GET /v1/admin/stats: how the service and its database are doing, for superusers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{Context, Endpoint, Input, Json, Nothing, Problem, Resource, Route, from_row, sql};

/// Reads how the service and its database are doing. For everyone but superusers there is no such thing.
pub struct ReadAdminStats;

/// How the service and its database are doing.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct AdminStats {
    /// Users with a message in the last 7 days.
    active_users: i64,
    /// The ten tools that were used most, ever.
    most_used_tools: Vec<MostUsedTool>,
    /// Bytes of the whole database.
    database_size: i64,
    /// The tables, largest first; before them those whose size is unknown.
    tables: Vec<TableSize>,
    /// Connections that the server takes at most, for all its databases.
    max_connections: i32,
    /// Whether the database shows what other sessions do; where not, their states and queries are unknown.
    sees_all_sessions: bool,
    /// Connections to this database.
    connections: Connections,
    /// What has been running longest at this moment, at most ten.
    longest_queries: Vec<RunningQuery>,
    /// The ten statements that took longest on average; null where `pg_stat_statements` is not installed.
    slow_statements: Option<Vec<SlowStatement>>,
    /// Who waits for a lock, the longest first, at most twenty.
    waiting_locks: Vec<WaitingLock>,
}

impl Resource for AdminStats {}

/// A tool and its uses.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct MostUsedTool {
    /// The tool.
    tool_name: String,
    /// How often it was used.
    usage_count: i64,
}

/// A table and its size.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct TableSize {
    /// The table.
    table_name: String,
    /// Bytes with its indexes; null while it is locked against reading.
    size: Option<i64>,
    /// Rows, as of the last analysis; null before the first.
    estimated_rows: Option<i64>,
}

/// Connections to this database.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Connections {
    /// All of them.
    total: i64,
    /// Those at work, as far as is shown.
    active: i64,
    /// Those that wait for a client, as far as is shown.
    idle: i64,
    /// Those that wait for a client within a transaction, as far as is shown.
    idle_in_transaction: i64,
}

/// A query that runs at this moment.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct RunningQuery {
    /// The server's process.
    pid: i32,
    /// Its first 500 characters.
    query: Option<String>,
    /// What it waits for, if for anything.
    wait_event_type: Option<String>,
    /// How long it has been running, in milliseconds.
    duration_ms: Option<i64>,
}

/// A statement and how long it takes.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct SlowStatement {
    /// Its first 500 characters.
    query: Option<String>,
    /// How often it ran.
    calls: i64,
    /// Milliseconds on average.
    mean_ms: f64,
    /// Milliseconds at most.
    max_ms: f64,
    /// Milliseconds in all.
    total_ms: f64,
}

/// A process that waits for a lock.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct WaitingLock {
    /// The server's process.
    pid: i32,
    /// What kind of thing is locked.
    lock_type: String,
    /// How it is to be locked.
    mode: String,
    /// The table, where it is one.
    relation: Option<String>,
    /// The processes it waits for.
    blocked_by: Vec<i32>,
    /// Its query's first 500 characters.
    query: Option<String>,
    /// How long it has been waiting, in milliseconds.
    waiting_ms: Option<i64>,
}

struct StatsRow {
    stats: Value,
}

from_row!(StatsRow { stats });

impl Endpoint for ReadAdminStats {
    const ROUTE: Route =
        Route::get("/v1/admin/stats", "Read how the service and its database are doing; for superusers");
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<AdminStats>;

    async fn handle(_: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let row: StatsRow = context.one(sql("select admin_stats() as stats")).await?;
        Ok(Json(serde_json::from_value(row.stats).map_err(Problem::internal)?))
    }
}
