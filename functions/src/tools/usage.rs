//! GET /v1/tools/usage: the caller's uses of tools.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Nothing, Page, Problem, Route, Sql,
    model::tools::{TOOL_USE, ToolUse},
    page::{Cursor, Limit, after},
    sql,
    text::Text,
};

/// Lists the caller's uses of tools.
pub struct ListToolUses;

/// Which uses.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Those of this tool.
    #[serde(default)]
    tool_name: Option<Text<1, 100>>,
    /// Those that ended so: success or failure, or as an import says.
    #[serde(default)]
    status: Option<Text<1, 50>>,
    /// Items a page holds at most.
    #[serde(default)]
    limit: Limit,
    /// Where the last page ended: its `next_cursor`.
    #[serde(default)]
    cursor: Option<Cursor>,
}

impl Endpoint for ListToolUses {
    const ROUTE: Route = Route::get("/v1/tools/usage", "List the caller's uses of tools, newest first");
    type Path = Nothing;
    type Query = Filter;
    type Body = Nothing;
    type Reply = Page<ToolUse>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let limit = input.query.limit;
        Ok(Page::new(context.list(input.query.select()).await?, limit))
    }
}

impl Filter {
    /// Each combination of filters is its own statement, so that each has the plan of its own index.
    #[must_use]
    pub fn select(self) -> Sql {
        let tool = if self.tool_name.is_some() { "tool_usage.tool_name = $1" } else { "$1::text is null" };
        let status = if self.status.is_some() { "tool_usage.status = $2" } else { "$2::text is null" };
        sql(format!(
            "select {TOOL_USE}
             where tool_usage.user_id = (select auth.uid()) and {tool} and {status} and {}
             order by tool_usage.created_at desc, tool_usage.id desc
             limit $5",
            after(self.cursor, "tool_usage", 3)
        ))
        .bind(self.tool_name.map(Text::into_string))
        .bind(self.status.map(Text::into_string))
        .bind(self.cursor.map(|cursor| cursor.created_at))
        .bind(self.cursor.map(|cursor| cursor.id))
        .bind(self.limit.and_one())
    }
}
