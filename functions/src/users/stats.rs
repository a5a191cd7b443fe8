//! GET /v1/users/me/stats: what the caller has.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{Context, Endpoint, Input, Json, Nothing, Problem, Resource, Route, Sql, from_row, sql};

/// Reads what the caller has.
pub struct ReadUserStats;

/// What a user has: `user_stats` of aio.
#[derive(Serialize, JsonSchema)]
pub struct UserStats {
    /// When the account was made.
    user_created_at: Timestamp,
    /// When the user last signed in.
    last_login: Option<Timestamp>,
    /// Chats.
    chat_sessions_count: i64,
    /// Messages in these chats.
    messages_count: i64,
    /// Artifacts, without what is in the trash.
    artifacts_count: i64,
    /// Uses of tools.
    tool_uses_count: i64,
}

from_row!(UserStats {
    user_created_at,
    last_login,
    chat_sessions_count,
    messages_count,
    artifacts_count,
    tool_uses_count
});

impl Resource for UserStats {}

impl Endpoint for ReadUserStats {
    const ROUTE: Route = Route::get("/v1/users/me/stats", "Read what the caller has");
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<UserStats>;

    async fn handle(_: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        Ok(Json(context.one(select()).await?))
    }
}

/// Each number is counted by itself, so that none multiplies another: messages by the slots of their chats, uses by the
/// days of their tools.
#[must_use]
pub fn select() -> Sql {
    sql("
        select
            users.created_at as user_created_at,
            users.last_login_at as last_login,
            (select count(*) from chats where chats.user_id = users.id) as chat_sessions_count,
            (
                select coalesce(sum(chat_counts.messages), 0)::bigint
                from chats
                join chat_counts on chat_counts.chat_id = chats.id
                where chats.user_id = users.id
            ) as messages_count,
            (
                select count(*) from artifacts where artifacts.owner_user_id = users.id and artifacts.deleted_at is null
            ) as artifacts_count,
            (
                select coalesce(sum(tool_usage_days.uses), 0)::bigint
                from tool_usage_days
                where tool_usage_days.user_id = users.id
            ) as tool_uses_count
        from users
        where users.id = auth.uid()
    ")
}
