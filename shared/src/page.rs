//! Lists: by keyset, never by offset, so that the thousandth page costs what the first does.

use std::io;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use crate::{inline_schema, reply::size_in_json};

/// The year 1: imports may bring what is older than computers, but nothing is older than this.
const OLDEST: Timestamp = Timestamp::constant(-62_135_596_800, 0);

/// Where a page ended: newest first, by creation time, then by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When the last item was created.
    pub created_at: Timestamp,
    /// The last item's id.
    pub id: Uuid,
}

impl Cursor {
    /// Before everything.
    pub const OLDEST: Self = Self { created_at: OLDEST, id: Uuid::nil() };
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RankCursor { rank: self.created_at.as_microsecond(), id: self.id }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RankCursor::deserialize(deserializer)?.by_time().ok_or_else(|| de::Error::custom(NOT_A_CURSOR))
    }
}

inline_schema!(Cursor, {"type": "string", "examples": ["AAYn2kQxPAABk0X0Zb5wRZ5T5r3k0WvB1w"]});

/// Where a page of a list by rank ended: highest rank first, then by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RankCursor {
    /// The last item's rank; microseconds since 1970 where the list is by time.
    pub rank: i64,
    /// The last item's id.
    pub id: Uuid,
}

const NOT_A_CURSOR: &str = "must be a next_cursor of an earlier page";

impl RankCursor {
    /// The cursor of a list by time, if the rank is one.
    #[must_use]
    pub fn by_time(self) -> Option<Cursor> {
        // PostgreSQL could not even read a time of so many thousand years ago.
        let created_at = Timestamp::from_microsecond(self.rank).ok().filter(|time| *time >= OLDEST)?;
        Some(Cursor { created_at, id: self.id })
    }
}

impl Serialize for RankCursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&self.rank.to_be_bytes());
        bytes[8..].copy_from_slice(self.id.as_bytes());
        serializer.serialize_str(&BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for RankCursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parse = || {
            let bytes: [u8; 24] = BASE64_URL_SAFE_NO_PAD.decode(&text).ok()?.try_into().ok()?;
            let (rank, id) = bytes.split_at(8);
            Some(Self { rank: i64::from_be_bytes(rank.try_into().ok()?), id: Uuid::from_slice(id).ok()? })
        };
        parse().ok_or_else(|| de::Error::custom(NOT_A_CURSOR))
    }
}

inline_schema!(RankCursor, {"type": "string", "examples": ["AAAAAAAAACoBmfDFb158Op1kDyp_bzoQ"]});

/// The condition that goes on after a cursor, whose two parts are bound at `$first` and the number after it.
///
/// With a cursor and without one it is another statement: one condition for both could not be looked up in the index,
/// and a page would cost more the deeper it lies.
#[must_use]
pub fn after(cursor: Option<Cursor>, table: &str, first: usize) -> String {
    let second = first + 1;
    if cursor.is_some() {
        format!("({table}.created_at, {table}.id) < (${first}, ${second})")
    } else {
        format!("${first}::timestamptz is null and ${second}::uuid is null")
    }
}

/// Items a page holds: 1 to 100.
#[derive(Clone, Copy, Debug)]
pub struct Limit(i64);

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let limit = i64::deserialize(deserializer)?;
        if (1..=100).contains(&limit) { Ok(Self(limit)) } else { Err(de::Error::custom("must be 1 to 100")) }
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

inline_schema!(Limit, {"type": "integer", "minimum": 1, "maximum": 100, "default": 50});

impl Limit {
    /// One more than the page holds: whether there is a next page shows in the same query.
    #[must_use]
    pub fn and_one(self) -> i64 {
        self.0 + 1
    }
}

/// The query of a list that has no filters.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// Items a page holds at most.
    #[serde(default)]
    pub limit: Limit,
    /// Where the last page ended: its `next_cursor`.
    #[serde(default)]
    pub cursor: Option<Cursor>,
}

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Page<T, C = Cursor> {
    /// The items, newest first where the list has no other order.
    pub items: Vec<T>,
    /// Give it as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<C>,
}

/// An item that a cursor can point at.
pub trait Keyset {
    /// The cursor that continues after this item.
    fn cursor(&self) -> Cursor;
}

/// Bytes after which a page ends, however few items it has by then: a reply may have 6 MB with everything around. Counted
/// as Lambda sends them, the JSON as a text within JSON.
const SIZE_LIMIT: usize = 4 * 1024 * 1024;

/// Counts what is written to it.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += size_in_json(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<T: Keyset + Serialize> Page<T> {
    /// A page of the items that a query for [`Limit::and_one`] found; of fewer, if they are large.
    #[must_use]
    pub fn new(items: Vec<T>, limit: Limit) -> Self {
        Self::of(items.into_iter().map(|item| (item.cursor(), item)).collect(), limit)
    }
}

impl<T: Serialize, C> Page<T, C> {
    /// A page of items beside the cursors that continue after them.
    #[must_use]
    pub fn of(items: Vec<(C, T)>, limit: Limit) -> Self {
        let (mut cursors, mut items): (Vec<C>, Vec<T>) = items.into_iter().unzip();
        let more = cut(&mut items, usize::try_from(limit.0).expect("a limit is 1 to 100"));
        cursors.truncate(items.len());
        Self { items, next_cursor: cursors.pop().filter(|_| more) }
    }
}

/// Keeps what one reply can hold, of so many items at most and one at least; whether some went.
pub fn cut<T: Serialize>(items: &mut Vec<T>, limit: usize) -> bool {
    let mut size = Counter(0);
    let fits = |item: &&T| serde_json::to_writer(&mut size, item).is_ok() && size.0 <= SIZE_LIMIT;
    let fitting = items.iter().take(limit).take_while(fits).count().max(1);
    let more = items.len() > fitting;
    items.truncate(fitting);
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Item(Cursor, String);

    impl Keyset for Item {
        fn cursor(&self) -> Cursor {
            self.0
        }
    }

    #[test]
    fn a_page_ends_where_it_would_be_too_large() {
        let items = |sizes: &[usize]| {
            let item = |size: &usize| Item(Cursor { created_at: OLDEST, id: Uuid::now_v7() }, "x".repeat(*size));
            sizes.iter().map(item).collect::<Vec<_>>()
        };
        let megabyte = 1024 * 1024;
        for (sizes, expected, more) in [
            (vec![], 0, false),
            (vec![5], 1, false),
            (vec![5, 5, 5], 2, true),
            (vec![megabyte, 3 * megabyte], 1, true),
            (vec![5 * megabyte], 1, false),
            (vec![5 * megabyte, 5], 1, true),
        ] {
            let page = Page::new(items(&sizes), Limit(2));
            assert_eq!((page.items.len(), page.next_cursor.is_some()), (expected, more), "{sizes:?}");
        }
    }

    /// Quotes and line ends take two bytes in JSON, and those take four and three in the JSON that Lambda puts around it.
    #[test]
    fn a_page_is_as_large_as_lambda_sends_it() {
        let item = |text: &str| Item(Cursor { created_at: OLDEST, id: Uuid::now_v7() }, text.repeat(600_000));
        for (text, expected) in [("x", 6), ("\n", 2), ("\"", 1)] {
            let items = (0..7).map(|_| item(text)).collect();
            assert_eq!(Page::new(items, Limit(100)).items.len(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_cursor_reads_back() {
        let cursor = Cursor {
            created_at: Timestamp::from_microsecond(1_763_700_000_123_456).expect("valid"),
            id: Uuid::now_v7(),
        };
        let text = serde_json::to_string(&cursor).expect("plain");
        assert_eq!(serde_json::from_str::<Cursor>(&text).expect("its own"), cursor);
        for wrong in ["\"\"", "\"AAAA\"", "\"not base64!\"", "7"] {
            assert!(serde_json::from_str::<Cursor>(wrong).is_err(), "{wrong}");
        }
    }
}
