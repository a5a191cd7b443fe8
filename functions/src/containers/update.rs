//! PATCH /v1/containers/{id}: change what is said of a sandbox.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Sql,
    context::read_one,
    model::containers::{Container, OWN, select_container},
    sql,
    text::{Change, Maybe, Object, Text, WebAddress},
};
use uuid::Uuid;

use super::read::ContainerPath;

/// Changes a sandbox. Its status has an endpoint of its own.
pub struct UpdateContainer;

/// What to change; fields that are left out stay as they are, null clears.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"name": "A better clock", "url": "https://clock.example.com"}))]
pub struct ContainerChanges {
    /// What it is called.
    #[serde(default)]
    name: Maybe<Text<1, 255>>,
    /// What it is made of.
    #[serde(default)]
    image_name: Change<Text<1, 255>>,
    /// Where the running app answers.
    #[serde(default)]
    url: Change<WebAddress>,
    /// What the runtime labels it with; replaces what was there.
    #[serde(default)]
    labels: Maybe<Object>,
    /// Whatever the client keeps with it; replaces what was there.
    #[serde(default)]
    metadata: Maybe<Object>,
}

impl Endpoint for UpdateContainer {
    const ROUTE: Route = Route::patch("/v1/containers/{id}", "Change what is said of a sandbox").if_match();
    type Path = ContainerPath;
    type Query = Nothing;
    type Body = ContainerChanges;
    type Reply = Json<Container>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = input.path.id;
        let [_, container] = context.fly([update(id, input.if_match, input.body), select_container(id)]).await?;
        Ok(Json(read_one(&container)?))
    }
}

fn update(id: Uuid, if_match: Option<i64>, changes: ContainerChanges) -> Sql {
    let (set_image_name, image_name) = changes.image_name.into_parts(Text::into_string);
    let (set_url, url) = changes.url.into_parts(WebAddress::into_string);
    sql(format!(
        "update containers set
             name = coalesce($3, name),
             image_name = case when $4 then $5 else image_name end,
             url = case when $6 then $7 else url end,
             labels = coalesce($8, labels),
             metadata = coalesce($9, metadata)
         where id = $1 and {OWN} and if_match(revision, $2)"
    ))
    .bind(id)
    .bind(if_match)
    .bind(changes.name.0.map(Text::into_string))
    .bind(set_image_name)
    .bind(image_name)
    .bind(set_url)
    .bind(url)
    .bind(changes.labels.0.map(Object::into_value))
    .bind(changes.metadata.0.map(Object::into_value))
}
