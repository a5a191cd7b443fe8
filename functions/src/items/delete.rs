//! DELETE /v1/items/{id}: throw a note away.

use shared::{Context, Endpoint, Input, NoContent, Nothing, Problem, Route, model::accounts::Id, sql};

use super::read::ItemPath;

/// Deletes a note.
pub struct DeleteItem;

impl Endpoint for DeleteItem {
    const ROUTE: Route = Route::delete("/v1/items/{id}", "Throw a note away");
    type Path = ItemPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoContent;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let delete = sql("delete from items where id = $1 and owner_id = auth.uid() returning id").bind(input.path.id);
        context.one::<Id>(delete).await?;
        Ok(NoContent)
    }
}
