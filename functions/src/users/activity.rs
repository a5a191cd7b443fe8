//! GET /v1/users/me/activity: what the caller did in the last days.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Resource, Route, Sql, from_row, model::statistics::Days, sql,
};

/// Reads what the caller did in the last days.
pub struct ReadUserActivity;

/// Which days.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// Since the midnight, in UTC, that many days ago: 1 to 3650.
    #[serde(default)]
    days: Days<3650>,
}

/// What a user did: `get_user_activity` of aio.
#[derive(Serialize, JsonSchema)]
pub struct UserActivity {
    /// How many days it is about.
    days: i32,
    /// Chats begun.
    chat_sessions_count: i64,
    /// Messages in the chats that were begun in this time.
    messages_count: i64,
    /// Artifacts made, without what is in the trash.
    artifacts_count: i64,
    /// Uses of tools.
    tools_used_count: i64,
}

from_row!(UserActivity { days, chat_sessions_count, messages_count, artifacts_count, tools_used_count });

impl Resource for UserActivity {}

impl Endpoint for ReadUserActivity {
    const ROUTE: Route = Route::get("/v1/users/me/activity", "Read what the caller did in the last days");
    type Path = Nothing;
    type Query = Period;
    type Body = Nothing;
    type Reply = Json<UserActivity>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        Ok(Json(context.one(select(input.query.days.0)).await?))
    }
}

/// Each number is counted by itself, so that none multiplies another.
#[must_use]
pub fn select(days: i32) -> Sql {
    sql("
        select
            $1 as days,
            (
                select count(*) from chats where chats.user_id = auth.uid() and chats.created_at >= period.since
            ) as chat_sessions_count,
            (
                select count(*)
                from chats
                join messages on messages.chat_id = chats.id
                where chats.user_id = auth.uid()
                  and chats.created_at >= period.since
                  and messages.user_id = auth.uid()
                  and messages.created_at >= period.since
            ) as messages_count,
            (
                select count(*)
                from artifacts
                where artifacts.owner_user_id = auth.uid()
                  and artifacts.deleted_at is null
                  and artifacts.created_at >= period.since
            ) as artifacts_count,
            (
                select coalesce(sum(tool_usage_days.uses), 0)::bigint
                from tool_usage_days
                where tool_usage_days.user_id = auth.uid()
                  and tool_usage_days.day >= (period.since at time zone 'UTC')::date
            ) as tools_used_count
        from (
            select date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' - make_interval(days => $1) as since
        ) period
    ")
    .bind(days)
}
