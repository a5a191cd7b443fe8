//! GET /v1/artifacts/{id}/tree: the forks of an artifact, their forks, and so on.

use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Access, Context, Endpoint, FromRow, Input, Nothing, Page, Paging, Problem, Route, Sql, Storage,
    context::{read_all, read_one},
    database::{Row, RowError, column},
    model::{
        accounts::Id,
        artifacts::{ARTIFACT, Artifact, select_visible_id},
    },
    page::{Cursor, Keyset, Limit},
    sql,
};
use uuid::Uuid;

use super::read::ArtifactPath;

/// Lists the whole tree of an artifact's forks.
pub struct ListTree;

/// A fork, or a fork of one, and so on. What is hidden from the caller is left out, and not named by what comes after it.
#[derive(Serialize, JsonSchema)]
pub struct Descendant {
    /// Forks between it and the artifact asked for: 1 is a fork of that. Hidden ones count.
    depth: i32,
    /// The artifact.
    #[serde(flatten)]
    artifact: Artifact,
}

impl FromRow for Descendant {
    fn from_row(row: &Row) -> Result<Self, RowError> {
        Ok(Self { depth: column(row, "depth")?, artifact: Artifact::from_row(row)? })
    }
}

impl Keyset for Descendant {
    fn cursor(&self) -> Cursor {
        self.artifact.cursor()
    }
}

impl Endpoint for ListTree {
    const ROUTE: Route = Route::get("/v1/artifacts/{id}/tree", "List the forks of an artifact, their forks, and so on")
        .access(Access::Optional)
        .storage(Storage::Read);
    type Path = ArtifactPath;
    type Query = Paging;
    type Body = Nothing;
    type Reply = Page<Descendant>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let Paging { limit, cursor } = input.query;
        let root = select_visible_id(input.path.id);
        let [root, tree] = context.fly([root, select(input.path.id, cursor, limit)]).await?;
        read_one::<Id>(&root)?;
        let mut tree: Vec<Descendant> = read_all(&tree)?;
        let bucket = context.bucket()?;
        tree.iter_mut().try_for_each(|descendant| descendant.artifact.sign(bucket))?;
        Ok(Page::new(tree, limit))
    }
}

/// A page of the tree.
#[must_use]
pub fn select(root_id: Uuid, cursor: Option<Cursor>, limit: Limit) -> Sql {
    sql(format!(
        "with artifacts as (
             select artifacts.*, descendants.depth
             from artifact_descendants($1, $2, $3) descendants
             join artifacts on artifacts.id = descendants.descendant_id
             order by artifacts.created_at desc, artifacts.id desc
             limit $4
         )
         select artifacts.depth, {ARTIFACT}
         order by artifacts.created_at desc, artifacts.id desc"
    ))
    .bind(root_id)
    .bind(cursor.map(|cursor| cursor.created_at))
    .bind(cursor.map(|cursor| cursor.id))
    .bind(limit.and_one())
}
