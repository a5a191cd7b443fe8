//! GET /v1/artifacts: the gallery, one maker's artifacts, the caller's own, in several orders; search; and the trash.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Access, Context, Endpoint, Input, Nothing, Page, Problem, Route, Sql, Storage,
    model::{
        artifacts::{Artifact, Visibility},
        listings::{Listing, Sort, Whose, read_page},
    },
    page::{Limit, RankCursor},
    problem,
    text::Text,
};

/// Lists artifacts.
pub struct ListArtifacts;

/// Which artifacts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Words to search for in titles, descriptions and code, the best first. It finds all that the caller may see, the
    /// caller's own private artifacts included.
    #[serde(default)]
    q: Option<Text<1, 200>>,
    /// The order; newest where left out. A search has its own, and so has the trash.
    #[serde(default)]
    sort: Option<Sort>,
    /// A handle: only their public ones. `me`: only the caller's own, private ones included. Left out: the public gallery.
    #[serde(default)]
    owner: Option<Text<1, 64>>,
    /// Only of this type.
    #[serde(default)]
    r#type: Option<Text<1, 100>>,
    /// Only made by this tool.
    #[serde(default)]
    tool_name: Option<Text<1, 100>>,
    /// Only those whose newest version is mainly written in this.
    #[serde(default)]
    code_language: Option<Text<1, 50>>,
    /// Only these, among the caller's own; everyone else's are public anyway.
    #[serde(default)]
    visibility: Option<Visibility>,
    /// True: the caller's trash instead, the last thrown away first. What is there is removed for good after 30 days.
    #[serde(default)]
    trashed: bool,
    /// Items a page holds at most.
    #[serde(default)]
    limit: Limit,
    /// Where the last page ended: its `next_cursor`.
    #[serde(default)]
    cursor: Option<RankCursor>,
}

impl Endpoint for ListArtifacts {
    const ROUTE: Route =
        Route::get("/v1/artifacts", "List the gallery, one maker's artifacts, or one's own; or search")
            .access(Access::Optional)
            .storage(Storage::Read);
    type Path = Nothing;
    type Query = Filter;
    type Body = Nothing;
    type Reply = Page<Artifact, RankCursor>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let limit = input.query.limit;
        if input.query.trashed && input.query.owner.is_some() && !input.query.is_own() {
            return Err(Problem::invalid("/query/owner", "must be me, or left out, where trashed is true"));
        }
        if (input.query.trashed || input.query.is_own()) && !context.is_signed_in() {
            return Err(Problem::new(&problem::UNAUTHENTICATED, problem::UNAUTHENTICATED.title));
        }
        let [rows] = context.fly([input.query.select()?]).await?;
        read_page(&rows, limit, context.bucket()?)
    }
}

impl Filter {
    fn is_own(&self) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.as_str().eq_ignore_ascii_case("me"))
    }

    /// What finds them.
    pub fn select(self) -> Result<Sql, Problem> {
        let (whose, visibility) = match (&self.owner, self.visibility) {
            _ if self.trashed || self.is_own() => (Whose::Caller, self.visibility),
            (None, visibility) if self.q.is_some() || visibility != Some(Visibility::Private) => {
                (Whose::Everyone, visibility)
            }
            // A maker's list is the same for all, the maker included.
            (Some(owner), None | Some(Visibility::Public)) => {
                (Whose::Maker(owner.as_str().to_owned()), Some(Visibility::Public))
            }
            (_, Some(Visibility::Private)) | (None, _) => (Whose::NOBODY, None),
        };
        let listing = Listing {
            whose,
            visibility,
            kind: self.r#type.map(Text::into_string),
            tool_name: self.tool_name.map(Text::into_string),
            code_language: self.code_language.map(Text::into_string),
            cursor: self.cursor,
            limit: self.limit,
        };
        match (self.q, self.sort, self.trashed) {
            (None, None, true) => listing.select_trash(),
            (None, sort, false) => listing.select(sort.unwrap_or_default()),
            (Some(q), None, false) => Ok(listing.search(q.into_string())),
            (Some(_), _, true) => Err(Problem::invalid("/query/q", "must be left out where trashed is true")),
            (_, Some(_), _) => Err(Problem::invalid(
                "/query/sort",
                "must be left out in a search and in the trash, which have their own",
            )),
        }
    }
}
