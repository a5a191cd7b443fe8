//! GET /v1/shares: the caller's links.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Nothing, Page, Problem, Route, Sql,
    model::shares::{SHARE, Share},
    page::{Cursor, Limit, after},
    sql,
};
use uuid::Uuid;

/// Lists the caller's links.
pub struct ListShares;

/// Which links.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Only to this chat.
    #[serde(default)]
    chat_id: Option<Uuid>,
    /// Only to this artifact.
    #[serde(default)]
    artifact_id: Option<Uuid>,
    /// Items a page holds at most.
    #[serde(default)]
    limit: Limit,
    /// Where the last page ended: its `next_cursor`.
    #[serde(default)]
    cursor: Option<Cursor>,
}

impl Endpoint for ListShares {
    const ROUTE: Route =
        Route::get("/v1/shares", "List the caller's links, newest first, but for those that were revoked");
    type Path = Nothing;
    type Query = Filter;
    type Body = Nothing;
    type Reply = Page<Share>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let limit = input.query.limit;
        if input.query.chat_id.is_some() && input.query.artifact_id.is_some() {
            return Err(Problem::invalid("/query/artifact_id", "must not come with chat_id"));
        }
        Ok(Page::new(context.list(input.query.select()).await?, limit))
    }
}

impl Filter {
    /// Each filter is its own statement, so that each has the plan of its own index. A page is found before anything is joined
    /// to it; of the parameter the planner knows nothing, and the constant tells it how few they can be.
    #[must_use]
    pub fn select(self) -> Sql {
        let target = match (self.chat_id, self.artifact_id) {
            (Some(_), _) => "shares.chat_id = $1",
            (None, Some(_)) => "shares.artifact_id = $1",
            (None, None) => "$1::uuid is null",
        };
        sql(format!(
            "with shares as (
                 select *
                 from (
                     select
                         id, kind, chat_id, artifact_id, version_index, through_message_id, has_password, max_views,
                         expires_at, created_at
                     from shares
                     where shares.user_id = auth.uid() and shares.revoked_at is null and {target} and {}
                     order by shares.created_at desc, shares.id desc
                     limit 101
                 ) newest
                 order by created_at desc, id desc
                 limit $4
             )
             select {SHARE}
             order by shares.created_at desc, shares.id desc",
            after(self.cursor, "shares", 2)
        ))
        .bind(self.chat_id.or(self.artifact_id))
        .bind(self.cursor.map(|cursor| cursor.created_at))
        .bind(self.cursor.map(|cursor| cursor.id))
        .bind(self.limit.and_one())
    }
}
