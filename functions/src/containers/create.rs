//! POST /v1/containers: register a sandbox.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Route, Sql,
    context::read_one,
    model::containers::{Container, PORTS, select_container},
    problem, sql,
    text::{Object, Text, WebAddress},
};
use uuid::Uuid;

/// Registers a sandbox.
pub struct CreateContainer;

/// A new sandbox.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"name": "Clock", "image_name": "node:22", "labels": {"tier": "free"}, "assign_port": true}))]
pub struct NewContainer {
    /// What it is called.
    name: Text<1, 255>,
    /// The runtime's own name for it, unique over all containers; one is made up where it is left out.
    #[serde(default)]
    container_id: Option<Text<1, 255>>,
    /// What it is made of.
    #[serde(default)]
    image_name: Option<Text<1, 255>>,
    /// Where the running app answers.
    #[serde(default)]
    url: Option<WebAddress>,
    /// What the runtime labels it with.
    #[serde(default)]
    labels: Object,
    /// Whatever the client keeps with it.
    #[serde(default)]
    metadata: Object,
    /// Whether to give it a port at once.
    #[serde(default)]
    assign_port: bool,
}

impl Endpoint for CreateContainer {
    const ROUTE: Route =
        Route::post("/v1/containers", "Register a sandbox").problems(&[&problem::CONFLICT, &problem::PORTS_EXHAUSTED]);
    type Path = Nothing;
    type Query = Nothing;
    type Body = NewContainer;
    type Reply = Created<Container>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = Uuid::now_v7();
        let assign = sql("select assign_port($1, $2, $3) where $4")
            .bind(id)
            .bind(*PORTS.start())
            .bind(*PORTS.end())
            .bind(input.body.assign_port);
        let [_, _, container] = context.fly([insert(id, input.body), assign, select_container(id)]).await?;
        Ok(Created(read_one(&container)?))
    }
}

fn insert(id: Uuid, new: NewContainer) -> Sql {
    sql("
        insert into containers (id, user_id, container_id, name, image_name, url, labels, metadata)
        values ($1, auth.uid(), $2, $3, $4, $5, $6, $7)
    ")
    .bind(id)
    .bind(new.container_id.map_or_else(|| id.to_string(), Text::into_string))
    .bind(new.name.into_string())
    .bind(new.image_name.map(Text::into_string))
    .bind(new.url.map(WebAddress::into_string))
    .bind(new.labels.into_value())
    .bind(new.metadata.into_value())
}
