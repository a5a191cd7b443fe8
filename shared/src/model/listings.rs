//! Lists of artifacts, filtered and in several orders: what the gallery, a maker's page and search share.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::artifacts::{ARTIFACT, Artifact, Visibility};
use crate::{
    FromRow, Page, Problem, Sql,
    bucket::Bucket,
    context::read_all,
    database::{Row, RowError},
    page::{Limit, RankCursor},
    sql,
};

/// The order of a list of artifacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// The newest first.
    #[default]
    Newest,
    /// The most liked first, and of those that are liked alike the newest.
    MostLiked,
    /// The most forked first, and of those that are forked alike the newest.
    MostForked,
    /// What was liked and forked lately: a day older takes ten times as much.
    Trending,
}

impl Sort {
    /// The column of `artifact_listings`.
    fn column(self) -> &'static str {
        match self {
            Self::Newest => "created_at",
            Self::MostLiked => "likes",
            Self::MostForked => "forks",
            Self::Trending => "trending",
        }
    }
}

/// Whose artifacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The public ones of all.
    Everyone,
    /// The caller's own.
    Caller,
    /// Those of a handle that the caller may see.
    Maker(String),
}

/// What a list of artifacts shows.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Whose.
    pub whose: Whose,
    /// Of this type.
    pub kind: Option<String>,
    /// Made by this tool.
    pub tool_name: Option<String>,
    /// Mainly written in this language.
    pub code_language: Option<String>,
    /// Seen by these.
    pub visibility: Option<Visibility>,
    /// Where the last page ended.
    pub cursor: Option<RankCursor>,
    /// Items a page holds at most.
    pub limit: Limit,
}

impl Listing {
    /// The artifacts in an order. Each combination of filters is its own statement, so that each has the plan of its own
    /// index: the page is found by that alone before anything is joined to it. Of a parameter the planner knows nothing,
    /// and would expect a tenth of all rows; the constant tells it how few they can be.
    pub fn select(self, sort: Sort) -> Result<Sql, Problem> {
        let whose = match &self.whose {
            Whose::Everyone => "listings.visibility = 'public' and $1::text is null",
            Whose::Caller => "listings.owner_user_id = (select auth.uid()) and $1::text is null",
            Whose::Maker(_) => "listings.owner_user_id = (select user_id from profiles where handle = lower($1))",
        };
        let filter = |is_given: bool, column: &str, number: usize| {
            if is_given { format!("listings.{column} = ${number}") } else { format!("${number}::text is null") }
        };
        let (column, key_type) = (sort.column(), if sort == Sort::Newest { "timestamptz" } else { "bigint" });
        let after = match self.cursor {
            Some(_) => format!("(listings.{column}, listings.artifact_id) < ($6, $7)"),
            None => format!("$6::{key_type} is null and $7::uuid is null"),
        };
        let condition = [
            whose.to_owned(),
            filter(self.kind.is_some(), "type", 2),
            filter(self.tool_name.is_some(), "tool_name", 3),
            filter(self.code_language.is_some(), "code_language", 4),
            filter(self.visibility.is_some(), "visibility", 5),
            after,
        ]
        .join(" and ");
        let rank = if sort == Sort::Newest { "(extract(epoch from key) * 1000000)::bigint" } else { "key" };
        let statement = sql(select_ranked(&format!(
            "select artifact_id, {rank} as rank
             from (
                 select listings.artifact_id, listings.{column} as key
                 from artifact_listings listings
                 where {condition}
                 order by listings.{column} desc, listings.artifact_id desc
                 limit 101
             ) first
             order by key desc, artifact_id desc
             limit $8"
        )));
        let statement = statement
            .bind(self.whose.into_handle())
            .bind(self.kind)
            .bind(self.tool_name)
            .bind(self.code_language)
            .bind(self.visibility.map(Visibility::as_str));
        let statement = match sort {
            Sort::Newest => statement.bind(time(self.cursor)?),
            _ => statement.bind(self.cursor.map(|cursor| cursor.rank)),
        };
        Ok(statement.bind(self.cursor.map(|cursor| cursor.id)).bind(self.limit.and_one()))
    }

    /// The caller's trash, the last thrown away first.
    pub fn select_trash(self) -> Result<Sql, Problem> {
        let after = match self.cursor {
            Some(_) => "(artifacts.deleted_at, artifacts.id) < ($5, $6)",
            None => "$5::timestamptz is null and $6::uuid is null",
        };
        Ok(sql(select_ranked(&format!(
            "select artifact_id, (extract(epoch from deleted_at) * 1000000)::bigint as rank
             from (
                 select artifacts.id as artifact_id, artifacts.deleted_at
                 from artifacts
                 where artifacts.owner_user_id = (select auth.uid())
                   and artifacts.deleted_at is not null
                   and ($1::text is null or artifacts.type = $1)
                   and ($2::text is null or artifacts.tool_name = $2)
                   and ($3::text is null or exists (
                       select from artifact_versions versions
                       where versions.id = artifacts.current_version_id and versions.code_language = $3
                   ))
                   and ($4::text is null or artifacts.visibility = $4)
                   and {after}
                 order by artifacts.deleted_at desc, artifacts.id desc
                 limit 101
             ) last
             order by deleted_at desc, artifact_id desc
             limit $7"
        )))
        .bind(self.kind)
        .bind(self.tool_name)
        .bind(self.code_language)
        .bind(self.visibility.map(Visibility::as_str))
        .bind(time(self.cursor)?)
        .bind(self.cursor.map(|cursor| cursor.id))
        .bind(self.limit.and_one()))
    }

    /// The artifacts with these words, the best first.
    #[must_use]
    pub fn search(self, query: String) -> Sql {
        let owner = match &self.whose {
            Whose::Everyone => "case when $2::text is not null then auth.uid() end",
            Whose::Caller => "case when $2::text is null then auth.uid() end",
            // Where nobody has the handle nothing is found, rather than everyone's.
            Whose::Maker(_) => {
                "coalesce((select user_id from profiles where handle = lower($2)), '00000000-0000-0000-0000-000000000000')"
            }
        };
        sql(select_ranked(&format!(
            "select found.artifact_id, found.rank
             from search_artifacts($1, {owner}, $3, $4, $5, $6, $7, $8) as found
             order by found.rank desc, found.artifact_id desc
             limit $9"
        )))
        .bind(query)
        .bind(self.whose.into_handle())
        .bind(self.visibility.map(Visibility::as_str))
        .bind(self.kind)
        .bind(self.tool_name)
        .bind(self.code_language)
        .bind(self.cursor.map(|cursor| cursor.rank))
        .bind(self.cursor.map(|cursor| cursor.id))
        .bind(self.limit.and_one())
    }
}

impl Whose {
    /// Nobody's: no one has the empty handle.
    pub const NOBODY: Self = Self::Maker(String::new());

    fn into_handle(self) -> Option<String> {
        match self {
            Self::Maker(handle) => Some(handle),
            Self::Everyone | Self::Caller => None,
        }
    }
}

/// The time that a cursor of a list by time holds.
fn time(cursor: Option<RankCursor>) -> Result<Option<Timestamp>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let refuse = || Problem::invalid("/query/cursor", "must be a next_cursor of an earlier page");
    cursor.by_time().map(|cursor| Some(cursor.created_at)).ok_or_else(refuse)
}

/// The artifacts of a page of ids and ranks.
fn select_ranked(page: &str) -> String {
    format!(
        "with page as ({page}),
         artifacts as (
             select artifacts.*, page.rank
             from page
             join artifacts on artifacts.id = page.artifact_id
         )
         select artifacts.rank, {ARTIFACT}
         order by artifacts.rank desc, artifacts.id desc"
    )
}

struct Ranked {
    rank: i64,
    artifact: Artifact,
}

impl FromRow for Ranked {
    fn from_row(row: &Row) -> Result<Self, RowError> {
        Ok(Self { rank: row.try_get("rank")?, artifact: Artifact::from_row(row)? })
    }
}

/// A page of what a [`Listing`] found, with the URLs of its pictures.
pub fn read_page(rows: &[Row], limit: Limit, bucket: &Bucket) -> Result<Page<Artifact, RankCursor>, Problem> {
    let mut ranked: Vec<Ranked> = read_all(rows)?;
    ranked.iter_mut().try_for_each(|found| found.artifact.sign(bucket))?;
    let items =
        ranked.into_iter().map(|found| (RankCursor { rank: found.rank, id: found.artifact.id }, found.artifact));
    Ok(Page::of(items.collect(), limit))
}
