//! GET /v1/artifacts: the gallery, one maker's artifacts, the caller's own, or their trash.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Access, Context, Endpoint, Input, Nothing, Page, Problem, Route, Sql, Storage,
    model::artifacts::{Artifact, Visibility, select_page_by},
    page::{Cursor, Limit, after_time},
    problem, sql,
    text::Text,
};

/// Lists artifacts.
pub struct ListArtifacts;

/// Which artifacts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// A handle: only theirs. `me`: only the caller's own, private ones included. Left out: the public gallery.
    #[serde(default)]
    owner: Option<Text<1, 64>>,
    /// Only of this type.
    #[serde(default)]
    r#type: Option<Text<1, 100>>,
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
    cursor: Option<Cursor>,
}

impl Endpoint for ListArtifacts {
    const ROUTE: Route = Route::get("/v1/artifacts", "List the gallery, one maker's artifacts, or one's own")
        .access(Access::Optional)
        .storage(Storage::Read);
    type Path = Nothing;
    type Query = Filter;
    type Body = Nothing;
    type Reply = Page<Artifact>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let limit = input.query.limit;
        if input.query.trashed && input.query.owner.is_some() && !input.query.is_own() {
            return Err(Problem::invalid("/query/owner", "must be me, or left out, where trashed is true"));
        }
        if (input.query.trashed || input.query.is_own()) && !context.is_signed_in() {
            return Err(Problem::new(&problem::UNAUTHENTICATED, problem::UNAUTHENTICATED.title));
        }
        let mut artifacts: Vec<Artifact> = context.list(input.query.select()).await?;
        let bucket = context.bucket()?;
        artifacts.iter_mut().try_for_each(|artifact| artifact.sign(bucket))?;
        Ok(Page::new(artifacts, limit))
    }
}

impl Filter {
    fn is_own(&self) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.as_str().eq_ignore_ascii_case("me"))
    }

    /// Each combination of filters is its own statement, so that each has the plan of its own index.
    #[must_use]
    pub fn select(self) -> Sql {
        let whose = match &self.owner {
            _ if self.trashed => "artifacts.owner_user_id = (select auth.uid()) and $1::text is null",
            None => "artifacts.visibility = 'public' and $1::text is null",
            Some(_) if self.is_own() => "artifacts.owner_user_id = (select auth.uid()) and $1::text is not null",
            Some(_) => {
                "artifacts.owner_user_id = (select user_id from profiles where handle = lower($1))
                 and artifacts.visibility = 'public'"
            }
        };
        let kind = if self.r#type.is_some() { "artifacts.type = $2" } else { "$2::text is null" };
        let seen_by = if self.visibility.is_some() { "artifacts.visibility = $3" } else { "$3::text is null" };
        let (place, time) = if self.trashed { ("is not null", "deleted_at") } else { ("is null", "created_at") };
        let after = after_time(self.cursor, "artifacts", time, 4);
        let condition = format!("artifacts.deleted_at {place} and {whose} and {kind} and {seen_by} and {after}");
        sql(select_page_by(time, &condition, "$6"))
            .bind(self.owner.filter(|_| !self.trashed).map(Text::into_string))
            .bind(self.r#type.map(Text::into_string))
            .bind(self.visibility.map(Visibility::as_str))
            .bind(self.cursor.map(|cursor| cursor.created_at))
            .bind(self.cursor.map(|cursor| cursor.id))
            .bind(self.limit.and_one())
    }
}
