//! GET /v1/artifacts/{id}/comments: what is said about an artifact, or in answer to a comment.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Access, Context, Endpoint, Input, Nothing, Page, Problem, Route, Sql, Storage,
    context::{read_all, read_one},
    model::{
        accounts::Id,
        artifacts::select_visible_id,
        comments::{COMMENT, Comment},
    },
    page::{self, Cursor, Limit},
    sql,
};
use uuid::Uuid;

use crate::artifacts::read::ArtifactPath;

/// Lists comments.
pub struct ListComments;

/// Which comments, in which order.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Only answers to this comment; left out, only what answers none.
    #[serde(default)]
    parent_id: Option<Uuid>,
    /// Which come first; newest where left out, and oldest among answers.
    #[serde(default)]
    order: Option<Order>,
    /// Items a page holds at most.
    #[serde(default)]
    limit: Limit,
    /// Where the last page in this order ended: its `next_cursor`.
    #[serde(default)]
    cursor: Option<Cursor>,
}

/// Which comments come first.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The newest.
    Newest,
    /// The oldest.
    Oldest,
}

impl Endpoint for ListComments {
    const ROUTE: Route = Route::get("/v1/artifacts/{id}/comments", "List the comments on an artifact")
        .access(Access::Optional)
        .storage(Storage::Read);
    type Path = ArtifactPath;
    type Query = Filter;
    type Body = Nothing;
    type Reply = Page<Comment>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (id, limit) = (input.path.id, input.query.limit);
        let [artifact, comments] = context.fly([select_visible_id(id), input.query.select(id)]).await?;
        read_one::<Id>(&artifact)?;
        let mut comments: Vec<Comment> = read_all(&comments)?;
        let bucket = context.bucket()?;
        comments.iter_mut().try_for_each(|comment| comment.sign(bucket))?;
        Ok(Page::new(comments, limit))
    }
}

impl Filter {
    /// Each combination is its own statement, so that each has the plan of its own index.
    #[must_use]
    pub fn select(self, artifact_id: Uuid) -> Sql {
        let default = if self.parent_id.is_some() { Order::Oldest } else { Order::Newest };
        let newest = page::after(self.cursor, "artifact_comments", 3);
        let (place, order) = match self.order.unwrap_or(default) {
            Order::Newest => (newest, "desc"),
            Order::Oldest => (newest.replace(" < ", " > "), "asc"),
        };
        // An answer is on the artifact that its parent is on: a second condition on each would make the planner expect few.
        let which = if self.parent_id.is_some() {
            "artifact_comments.parent_id = $2
                     and $1 = (select parent.artifact_id from artifact_comments parent where parent.id = $2)"
        } else {
            "artifact_comments.artifact_id = $1 and artifact_comments.parent_id is null and $2::uuid is null"
        };
        sql(format!(
            "with artifact_comments as (
                 select *
                 from (
                     select artifact_comments.*
                     from artifact_comments
                     where {which} and {place}
                     order by artifact_comments.created_at {order}, artifact_comments.id {order}
                     limit 101
                 ) found
                 order by created_at {order}, id {order}
                 limit $5
             )
             select {COMMENT}
             order by artifact_comments.created_at {order}, artifact_comments.id {order}"
        ))
        .bind(artifact_id)
        .bind(self.parent_id)
        .bind(self.cursor.map(|cursor| cursor.created_at))
        .bind(self.cursor.map(|cursor| cursor.id))
        .bind(self.limit.and_one())
    }
}
