//! GET /v1/profiles: find profiles by handle and name.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Access, Context, Endpoint, FromRow, Input, Nothing, Page, Problem, Route, Sql, Storage,
    database::{Row, RowError},
    model::{
        blobs::sign_all,
        profiles::{PROFILE, Profile},
    },
    page::{Limit, RankCursor},
    sql,
    text::Text,
};

/// Finds profiles.
pub struct ListProfiles;

/// Whose profiles.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileQuery {
    /// How a handle or a name begins. Where few do, those that are written like it follow.
    #[schemars(example = &"ada")]
    q: Text<1, 100>,
    /// Items a page holds at most.
    #[serde(default)]
    limit: Limit,
    /// Where the last page ended: its `next_cursor`.
    #[serde(default)]
    cursor: Option<RankCursor>,
}

struct Found {
    rank: i64,
    profile: Profile,
}

impl FromRow for Found {
    fn from_row(row: &Row) -> Result<Self, RowError> {
        Ok(Self { rank: row.try_get("rank")?, profile: Profile::from_row(row)? })
    }
}

impl Endpoint for ListProfiles {
    const ROUTE: Route =
        Route::get("/v1/profiles", "Find profiles by handle and name").access(Access::Optional).storage(Storage::Read);
    type Path = Nothing;
    type Query = ProfileQuery;
    type Body = Nothing;
    type Reply = Page<Profile, RankCursor>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let limit = input.query.limit;
        let mut found: Vec<Found> = context.list(input.query.select()).await?;
        sign_all(found.iter_mut().map(|found| &mut found.profile.avatar), context.bucket()?)?;
        let items =
            found.into_iter().map(|found| (RankCursor { rank: found.rank, id: found.profile.user_id }, found.profile));
        Ok(Page::of(items.collect(), limit))
    }
}

impl ProfileQuery {
    /// What finds them.
    #[must_use]
    pub fn select(self) -> Sql {
        sql(format!(
            "with page as (
                 select found.user_id, found.rank
                 from search_profiles($1, $2, $3) as found
                 order by found.rank desc, found.user_id desc
                 limit $4
             ),
             profiles as (
                 select
                     profiles.user_id, profiles.handle, profiles.display_name, profiles.bio, profiles.avatar_blob_id,
                     profiles.visible_fields, profiles.created_at, profiles.updated_at, profiles.revision, page.rank
                 from page
                 join profiles on profiles.user_id = page.user_id
             )
             select profiles.rank, {PROFILE}
             order by profiles.rank desc, profiles.user_id desc"
        ))
        .bind(self.q.as_str().trim().to_owned())
        .bind(self.cursor.map(|cursor| cursor.rank))
        .bind(self.cursor.map(|cursor| cursor.id))
        .bind(self.limit.and_one())
    }
}
