//! GET /v1/containers: the caller's sandboxes.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Nothing, Page, Problem, Route, Sql,
    model::containers::{CONTAINER, Container, ContainerStatus},
    page::{Cursor, Limit, after},
    sql,
    text::Text,
};

/// Lists the caller's sandboxes.
pub struct ListContainers;

/// Which sandboxes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Those at this; left out, all but the deleted ones.
    #[serde(default)]
    status: Option<ContainerStatus>,
    /// `true`: those that are created or running. `false`: those that are not.
    #[serde(default)]
    active: Option<bool>,
    /// Those with this label: a name, or `name=value`.
    #[serde(default)]
    label: Option<Text<1, 2000>>,
    /// Items a page holds at most.
    #[serde(default)]
    limit: Limit,
    /// Where the last page ended: its `next_cursor`.
    #[serde(default)]
    cursor: Option<Cursor>,
}

impl Endpoint for ListContainers {
    const ROUTE: Route = Route::get("/v1/containers", "List the caller's sandboxes, newest first");
    type Path = Nothing;
    type Query = Filter;
    type Body = Nothing;
    type Reply = Page<Container>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let limit = input.query.limit;
        Ok(Page::new(context.list(input.query.select()).await?, limit))
    }
}

impl Filter {
    fn select(self) -> Sql {
        let status = match self.status {
            Some(_) => "containers.status = $1",
            None => "containers.status <> 'deleted' and $1::text is null",
        };
        let active = match self.active {
            Some(true) => "containers.status in ('running', 'created')",
            Some(false) => "containers.status in ('stopped', 'deleted')",
            None => "true",
        };
        let label = self.label.map(Text::into_string);
        let (name, value) = match label.as_deref().map(|label| label.split_once('=').ok_or(label)) {
            Some(Ok((name, value))) => (Some(name.to_owned()), Some(value.to_owned())),
            Some(Err(name)) => (Some(name.to_owned()), None),
            None => (None, None),
        };
        let labelled = match (&name, &value) {
            (Some(_), Some(_)) => "containers.labels ->> $2 = $3",
            (Some(_), None) => "containers.labels ? $2 and $3::text is null",
            (None, _) => "$2::text is null and $3::text is null",
        };
        sql(format!(
            "select {CONTAINER}
             where containers.user_id = auth.uid() and {status} and {active} and {labelled} and {}
             order by containers.created_at desc, containers.id desc
             limit $6",
            after(self.cursor, "containers", 4)
        ))
        .bind(self.status.map(ContainerStatus::as_str))
        .bind(name)
        .bind(value)
        .bind(self.cursor.map(|cursor| cursor.created_at))
        .bind(self.cursor.map(|cursor| cursor.id))
        .bind(self.limit.and_one())
    }
}
