//! POST /v1/items: note something.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Route,
    context::read_one,
    model::items::{Item, select_item},
    sql,
    text::Text,
};
use uuid::Uuid;

/// Notes something.
pub struct CreateItem;

/// A new note.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"title": "Ideas", "description": "A clock without hands."}))]
pub struct NewItem {
    /// What it is about.
    title: Text<1, 200>,
    /// What it says.
    #[serde(default)]
    description: Option<Text<1, 20_000>>,
}

impl Endpoint for CreateItem {
    const ROUTE: Route = Route::post("/v1/items", "Note something");
    type Path = Nothing;
    type Query = Nothing;
    type Body = NewItem;
    type Reply = Created<Item>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = Uuid::now_v7();
        let insert = sql("insert into items (id, owner_id, title, description) values ($1, auth.uid(), $2, $3)")
            .bind(id)
            .bind(input.body.title.into_string())
            .bind(input.body.description.map(Text::into_string));
        let [_, item] = context.fly([insert, select_item(id)]).await?;
        Ok(Created(read_one(&item)?))
    }
}
