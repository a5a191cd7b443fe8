//! GET /v1/chats/{id}/messages: what was said in a chat.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Nothing, Page, Problem, Route, Sql, Storage,
    context::{read_all, read_one},
    model::{
        accounts::Id,
        messages::{Message, OF_CHAT, select_branch, select_page},
    },
    page::{Cursor, Keyset, Limit},
    problem, sql,
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
    /// Where the last page ended: its `next_cursor`.
    #[serde(default)]
    cursor: Option<Cursor>,
    /// Messages before this cursor, newest first.
    #[serde(default)]
    before: Option<Cursor>,
    /// Messages after this cursor, oldest first, so that each page goes on to newer ones; `next_cursor` is never null
    /// then, and is where to look for more later.
    #[serde(default)]
    after: Option<Cursor>,
    /// The end of the chat to begin at.
    #[serde(default)]
    from: End,
    /// Only the branch that ends with this message: it, what it answers, and so on up to the beginning.
    #[serde(default)]
    leaf: Option<Uuid>,
}

/// An end of a chat.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum End {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
}

impl Endpoint for ListMessages {
    const ROUTE: Route = Route::get("/v1/chats/{id}/messages", "List the messages of a chat, newest first")
        .storage(Storage::Read)
        .problems(&[&problem::INVALID_REFERENCE]);
    type Path = ChatPath;
    type Query = Filter;
    type Body = Nothing;
    type Reply = Page<Message>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let Filter { limit, cursor, before, after, leaf, .. } = input.query;
        input.query.check()?;
        let chat = sql("
            select id
            from chats
            where id = $1
              and user_id = auth.uid()
              and ($2::uuid is null
                   or exists (select from messages where messages.id = $2 and messages.chat_id = $1)
                   or refuse('invalid_reference', '/query/leaf'))
              and ($3::uuid is null
                   or exists (select from messages where messages.id = $3 and messages.chat_id = $1)
                   or refuse('invalid_reference', $4))
        ")
        .bind(input.path.id)
        .bind(leaf)
        // A branch goes on from the message that the last page ended with: without it, it would seem to begin there.
        .bind(leaf.and(before.or(cursor)).map(|cursor| cursor.id))
        .bind(if before.is_some() { "/query/before" } else { "/query/cursor" });
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
    fn check(&self) -> Result<(), Problem> {
        if self.after.is_some() && self.before.or(self.cursor).is_some() {
            return Err(Problem::invalid("/query/after", "must not come with before or cursor"));
        }
        if self.from == End::Oldest && self.before.is_some() {
            return Err(Problem::invalid("/query/before", "must not come with from=oldest: give cursor"));
        }
        if self.leaf.is_some() && (self.after.is_some() || self.from == End::Oldest) {
            return Err(Problem::invalid(
                "/query/leaf",
                "must not come with after or from: a branch is read from its end",
            ));
        }
        Ok(())
    }

    /// The statement that finds the page.
    #[must_use]
    pub fn select(&self, chat_id: Uuid) -> Sql {
        let (after, before) = (self.after, self.before.or(self.cursor));
        let limit = self.limit.and_one();
        if let Some(leaf) = self.leaf {
            let place = before.map_or(leaf, |cursor| cursor.id);
            return sql(select_branch(before, "$3")).bind(chat_id).bind(place).bind(limit);
        }
        let (order, cursor) = match (after, self.from) {
            (None, End::Newest) => ("desc", before),
            (after, _) => ("asc", after.or(before)),
        };
        sql(select_page(OF_CHAT, cursor, order, "$4"))
            .bind(chat_id)
            .bind(cursor.map(|cursor| cursor.created_at))
            .bind(cursor.map(|cursor| cursor.id))
            .bind(limit)
    }
}
