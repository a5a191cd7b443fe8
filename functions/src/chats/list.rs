//! GET /v1/chats: the caller's chats.

use shared::{
    Context, Endpoint, Input, Nothing, Page, Paging, Problem, Route,
    model::chats::{CHAT, Chat},
    page::after,
    sql,
};

/// Lists the caller's chats.
pub struct ListChats;

impl Endpoint for ListChats {
    const ROUTE: Route = Route::get("/v1/chats", "List the caller's chats");
    type Path = Nothing;
    type Query = Paging;
    type Body = Nothing;
    type Reply = Page<Chat>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let Paging { limit, cursor } = input.query;
        let select = sql(format!(
            "select {CHAT}
             where chats.user_id = auth.uid()
               and {}
             order by chats.created_at desc, chats.id desc
             limit $3",
            after(cursor, "chats", 1)
        ))
        .bind(cursor.map(|cursor| cursor.created_at))
        .bind(cursor.map(|cursor| cursor.id))
        .bind(limit.and_one());
        Ok(Page::new(context.list(select).await?, limit))
    }
}
