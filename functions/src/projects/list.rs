//! GET /v1/projects: the caller's projects.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Nothing, Page, Problem, Route, Sql,
    model::projects::{PROJECT, Project, Status},
    page::{Cursor, Limit, after},
    sql,
    text::Text,
};
use uuid::Uuid;

/// Lists the caller's projects.
pub struct ListProjects;

/// Which projects.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Only these; left out, those that are active.
    #[serde(default)]
    status: Option<Status>,
    /// Only of this framework.
    #[serde(default)]
    r#type: Option<Text<1, 100>>,
    /// Only those that run in this sandbox.
    #[serde(default)]
    container_id: Option<Uuid>,
    /// Items a page holds at most.
    #[serde(default)]
    limit: Limit,
    /// Where the last page ended: its `next_cursor`.
    #[serde(default)]
    cursor: Option<Cursor>,
}

impl Endpoint for ListProjects {
    const ROUTE: Route = Route::get("/v1/projects", "List the caller's projects");
    type Path = Nothing;
    type Query = Filter;
    type Body = Nothing;
    type Reply = Page<Project>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let limit = input.query.limit;
        Ok(Page::new(context.list(input.query.select()).await?, limit))
    }
}

impl Filter {
    /// Each combination of filters is its own statement, so that each has the plan of its own index.
    fn select(self) -> Sql {
        let kind = if self.r#type.is_some() { "projects.type = $2" } else { "$2::text is null" };
        let container = if self.container_id.is_some() { "projects.container_id = $3" } else { "$3::uuid is null" };
        sql(format!(
            "select {PROJECT}
             where projects.owner_id = auth.uid()
               and projects.status = $1
               and {kind}
               and {container}
               and {}
             order by projects.created_at desc, projects.id desc
             limit $6",
            after(self.cursor, "projects", 4)
        ))
        .bind(self.status.unwrap_or(Status::Active).as_str())
        .bind(self.r#type.map(Text::into_string))
        .bind(self.container_id)
        .bind(self.cursor.map(|cursor| cursor.created_at))
        .bind(self.cursor.map(|cursor| cursor.id))
        .bind(self.limit.and_one())
    }
}
