//! GET /v1/messages/search: where something was said.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use shared::{
    Context, Endpoint, Input, Nothing, Page, Problem, Route, Sql, from_row, inline_schema,
    model::messages::Role,
    page::{Limit, RankCursor},
    search::Search,
    sql,
    text::Text,
};
use uuid::Uuid;

/// Searches the caller's messages.
pub struct SearchMessages;

/// What to look for, and where.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Words, all of which must be there; "phrases"; -exclusions; beginnings*. The word that ends the search counts
    /// as a beginning.
    /// Case and accents make no difference.
    #[schemars(example = &"clock")]
    q: Text<1, 200>,
    /// Only in this chat.
    #[serde(default)]
    chat_id: Option<Uuid>,
    /// Only what this role said.
    #[serde(default)]
    role: Option<Role>,
    /// Only what was said at this time or after it: a date or an RFC 3339 time.
    #[serde(default)]
    after: Option<Moment>,
    /// Only what was said before this time: a date or an RFC 3339 time.
    #[serde(default)]
    before: Option<Moment>,
    /// Items a page holds at most.
    #[serde(default)]
    limit: Limit,
    /// Where the last page ended: its `next_cursor`.
    #[serde(default)]
    cursor: Option<RankCursor>,
}

/// A time, or the beginning of a day in UTC.
struct Moment(Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let start_of = |date: Date| date.to_zoned(TimeZone::UTC).map(|start| start.timestamp());
        // A date alone is no timestamp, and a timestamp would be read as its date.
        let time = text.parse::<Timestamp>().or_else(|_| text.parse::<Date>().and_then(start_of));
        // PostgreSQL could not even read a time of so many thousand years ago.
        time.ok()
            .filter(|time| time.as_second() >= -62_135_596_800)
            .map(Self)
            .ok_or_else(|| de::Error::custom("must be a date such as 2025-11-21, or an RFC 3339 time"))
    }
}

inline_schema!(Moment, {"type": "string", "examples": ["2025-11-21", "2025-11-21T12:00:00Z"]});

/// A message that was found.
#[derive(Serialize, JsonSchema)]
pub struct FoundMessage {
    /// Identifier.
    id: Uuid,
    /// The chat it is in.
    chat_id: Uuid,
    /// What that chat is about.
    chat_title: Option<String>,
    /// Who speaks.
    #[schemars(with = "Role")]
    role: String,
    /// About 200 characters around what was found, as HTML: matches in `<mark>`, everything else escaped.
    snippet: String,
    /// How well it fits: the more often and the closer together, the higher; longer messages need more.
    rank: f32,
    /// When it was stored.
    created_at: Timestamp,
}

struct Row {
    id: Uuid,
    chat_id: Uuid,
    chat_title: Option<String>,
    role: String,
    content: String,
    rank: f32,
    created_at: Timestamp,
}

from_row!(Row { id, chat_id, chat_title, role, content, rank, created_at });

impl Endpoint for SearchMessages {
    // A page of the longest messages has 40 MB of text.
    const ROUTE: Route = Route::get("/v1/messages/search", "Search the caller's messages").memory(256);
    type Path = Nothing;
    type Query = Query;
    type Body = Nothing;
    type Reply = Page<FoundMessage, RankCursor>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let search = Search::parse(input.query.q.as_str());
        if search.is_empty() {
            return Err(Problem::invalid("/query/q", "must name something to find, not only what to leave out"));
        }
        let limit = input.query.limit;
        let rows: Vec<Row> = context.list(input.query.select(&search)).await?;
        Ok(Page::of(rows.into_iter().map(|row| (row.cursor(), row.into_found(&search))).collect(), limit))
    }
}

impl Row {
    /// A rank is not negative, so its bits are in its order.
    fn cursor(&self) -> RankCursor {
        RankCursor { rank: i64::from(self.rank.to_bits()), id: self.id }
    }

    fn into_found(self, search: &Search) -> FoundMessage {
        let Self { id, chat_id, chat_title, role, content, rank, created_at } = self;
        FoundMessage { id, chat_id, chat_title, role, snippet: search.snippet(&content), rank, created_at }
    }
}

impl Query {
    /// The messages that a search finds, best first.
    #[must_use]
    pub fn select(self, search: &Search) -> Sql {
        sql("
            select
                messages.id, messages.chat_id, chats.title as chat_title, messages.role,
                left(messages.content, 100000) as content, found.rank, messages.created_at
            from search_messages($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) found
            join messages on messages.id = found.message_id and messages.user_id = auth.uid()
            join chats on chats.id = messages.chat_id
            order by found.rank desc, messages.id desc
        ")
        .bind(search.parts.clone())
        .bind(search.prefixes.clone())
        .bind(search.exclusions.clone())
        .bind(self.chat_id)
        .bind(self.role.map(Role::as_str))
        .bind(self.after.map(|moment| moment.0))
        .bind(self.before.map(|moment| moment.0))
        .bind(self.cursor.map(|cursor| u32::try_from(cursor.rank).map_or(f32::MAX, f32::from_bits)))
        .bind(self.cursor.map(|cursor| cursor.id))
        .bind(self.limit.and_one())
    }
}
