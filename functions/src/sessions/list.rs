//! GET /v1/sessions: where the caller is signed in.

use shared::{
    Context, Endpoint, Input, Nothing, Page, Paging, Problem, Route, model::accounts::Session, page::after, sql,
};

/// Lists the caller's sessions.
pub struct ListSessions;

impl Endpoint for ListSessions {
    const ROUTE: Route = Route::get("/v1/sessions", "List where the caller is signed in");
    type Path = Nothing;
    type Query = Paging;
    type Body = Nothing;
    type Reply = Page<Session>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let Paging { limit, cursor } = input.query;
        let select = sql(format!(
            "select
                 id, ip_address, user_agent, id = auth.session_id() as is_current, last_activity_at, expires_at, created_at
             from sessions
             where user_id = auth.uid()
               and is_active
               and expires_at > now()
               and {}
             order by created_at desc, id desc
             limit $3",
            after(cursor, "sessions", 1)
        ))
        .bind(cursor.map(|cursor| cursor.created_at))
        .bind(cursor.map(|cursor| cursor.id))
        .bind(limit.and_one());
        Ok(Page::new(context.list(select).await?, limit))
    }
}
