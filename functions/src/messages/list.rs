//! GET /v1/chats/{id}/messages: what was said in a chat.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Nothing, Page, Problem, Route, Sql, Storage,
    context::{read_all, read_one},
    model::{
        accounts::Id,
        messages::{MESSAGE, Message},
    },
    page::{self, Cursor, Keyset, Limit},
    sql,
};
use uuid::Uuid;

use super::create::ChatPath;

/// Lists messages, newest first.
pub struct ListMessages;

/// Which messages.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Items a page holds at most.
    #[serde(default)]
    limit: Limit,
    /// The same as `before`, as in every list.
    #[serde(default)]
    cursor: Option<Cursor>,
    /// Messages before this cursor: the `next_cursor` of a page.
    #[serde(default)]
    before: Option<Cursor>,
    /// Messages after this cursor, oldest first, so that each page goes on to newer ones; `next_cursor` is never null
    /// then, and is where to look for more later.
    #[serde(default)]
    after: Option<Cursor>,
}

impl Endpoint for ListMessages {
    const ROUTE: Route =
        Route::get("/v1/chats/{id}/messages", "List the messages of a chat, newest first").storage(Storage::Read);
    type Path = ChatPath;
    type Query = Filter;
    type Body = Nothing;
    type Reply = Page<Message>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let Filter { limit, after, .. } = input.query;
        if after.is_some() && input.query.before.or(input.query.cursor).is_some() {
            return Err(Problem::invalid("/query/after", "must not come with before or cursor"));
        }
        let chat = sql("select id from chats where id = $1 and user_id = auth.uid()").bind(input.path.id);
        let [chat, messages] = context.fly([chat, input.query.select(input.path.id)]).await?;
        read_one::<Id>(&chat)?;
        let mut messages: Vec<Message> = read_all(&messages)?;
        let bucket = context.bucket()?;
        messages.iter_mut().try_for_each(|message| message.sign(bucket))?;
        let mut page = Page::new(messages, limit);
        if after.is_some() {
            // Who follows a chat can go on from its end.
            page.next_cursor = page.items.last().map(Keyset::cursor).or(after);
        }
        Ok(page)
    }
}

impl Filter {
    fn select(self, chat_id: Uuid) -> Sql {
        let (place, order, cursor) = match (self.after, self.before.or(self.cursor)) {
            (Some(after), _) => ("(messages.created_at, messages.id) > ($2, $3)".to_owned(), "asc", Some(after)),
            (None, before) => (page::after(before, "messages", 2), "desc", before),
        };
        sql(format!(
            "select {MESSAGE}
             where messages.chat_id = $1 and messages.user_id = auth.uid() and {place}
             order by messages.created_at {order}, messages.id {order}
             limit $4"
        ))
        .bind(chat_id)
        .bind(cursor.map(|cursor| cursor.created_at))
        .bind(cursor.map(|cursor| cursor.id))
        .bind(self.limit.and_one())
    }
}
