//! GET /v1/profiles/{handle}/artifacts: what someone made.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Access, Context, Endpoint, Input, Nothing, Page, Problem, Route, Storage,
    context::read_one,
    model::{
        accounts::Id,
        artifacts::Artifact,
        listings::{Listing, Sort, Whose, read_page},
    },
    page::{Limit, RankCursor},
    sql,
};

use super::read::ProfilePath;

/// Lists what someone made.
pub struct ListProfileArtifacts;

/// Which part of it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileArtifactsQuery {
    /// The order.
    #[serde(default)]
    sort: Sort,
    /// Items a page holds at most.
    #[serde(default)]
    limit: Limit,
    /// Where the last page ended: its `next_cursor`.
    #[serde(default)]
    cursor: Option<RankCursor>,
}

impl Endpoint for ListProfileArtifacts {
    const ROUTE: Route =
        Route::get("/v1/profiles/{handle}/artifacts", "List what someone made; of oneself, private ones too")
            .access(Access::Optional)
            .storage(Storage::Read);
    type Path = ProfilePath;
    type Query = ProfileArtifactsQuery;
    type Body = Nothing;
    type Reply = Page<Artifact, RankCursor>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let ProfileArtifactsQuery { sort, limit, cursor } = input.query;
        let handle = input.path.handle.into_string();
        let profile = sql("select user_id as id from profiles where handle = lower($1)").bind(handle.clone());
        let listing = Listing {
            whose: Whose::Maker(handle),
            kind: None,
            tool_name: None,
            code_language: None,
            visibility: None,
            cursor,
            limit,
        };
        let [profile, rows] = context.fly([profile, listing.select(sort)?]).await?;
        read_one::<Id>(&profile)?;
        read_page(&rows, limit, context.bucket()?)
    }
}
