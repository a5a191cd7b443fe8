//! PATCH /v1/items/{id}: change a note.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route,
    context::read_one,
    model::{
        accounts::Id,
        items::{Item, select_item},
    },
    sql,
    text::{Change, Maybe, Text},
};

use super::read::ItemPath;

/// Changes a note.
pub struct UpdateItem;

/// What to change; fields that are left out stay as they are, null clears.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"title": "Better ideas"}))]
pub struct ItemChanges {
    /// What it is about.
    #[serde(default)]
    title: Maybe<Text<1, 200>>,
    /// What it says.
    #[serde(default)]
    description: Change<Text<1, 20_000>>,
}

impl Endpoint for UpdateItem {
    const ROUTE: Route = Route::patch("/v1/items/{id}", "Change a note").if_match();
    type Path = ItemPath;
    type Query = Nothing;
    type Body = ItemChanges;
    type Reply = Json<Item>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (set_description, description) = input.body.description.into_parts(Text::into_string);
        let update = sql("
            update items set
                title = coalesce($3, title),
                description = case when $4 then $5 else description end
            where id = $1 and owner_id = auth.uid() and if_match(revision, $2)
            returning id
        ")
        .bind(input.path.id)
        .bind(input.if_match)
        .bind(input.body.title.0.map(Text::into_string))
        .bind(set_description)
        .bind(description);
        let [updated, item] = context.fly([update, select_item(input.path.id)]).await?;
        read_one::<Id>(&updated)?;
        Ok(Json(read_one(&item)?))
    }
}
