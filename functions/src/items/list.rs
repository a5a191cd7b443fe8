//! GET /v1/items: the caller's notes.

use shared::{
    Context, Endpoint, Input, Nothing, Page, Paging, Problem, Route,
    model::items::{ITEM, Item},
    page::after,
    sql,
};

/// Lists the caller's notes.
pub struct ListItems;

impl Endpoint for ListItems {
    const ROUTE: Route = Route::get("/v1/items", "List the caller's notes");
    type Path = Nothing;
    type Query = Paging;
    type Body = Nothing;
    type Reply = Page<Item>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let Paging { limit, cursor } = input.query;
        let select = sql(format!(
            "select {ITEM}
             where items.owner_id = auth.uid() and {}
             order by items.created_at desc, items.id desc
             limit $3",
            after(cursor, "items", 1)
        ))
        .bind(cursor.map(|cursor| cursor.created_at))
        .bind(cursor.map(|cursor| cursor.id))
        .bind(limit.and_one());
        Ok(Page::new(context.list(select).await?, limit))
    }
}
