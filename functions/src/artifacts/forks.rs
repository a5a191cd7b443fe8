//! GET /v1/artifacts/{id}/forks: the forks of an artifact that the caller may see.

use shared::{
    Access, Context, Endpoint, Input, Nothing, Page, Paging, Problem, Route, Sql, Storage,
    context::{read_all, read_one},
    model::{
        accounts::Id,
        artifacts::{ARTIFACT, Artifact, select_visible_id},
    },
    page::{Cursor, Limit, after},
    sql,
};
use uuid::Uuid;

use super::read::ArtifactPath;

/// Lists forks.
pub struct ListForks;

impl Endpoint for ListForks {
    const ROUTE: Route = Route::get("/v1/artifacts/{id}/forks", "List the forks of an artifact")
        .access(Access::Optional)
        .storage(Storage::Read);
    type Path = ArtifactPath;
    type Query = Paging;
    type Body = Nothing;
    type Reply = Page<Artifact>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let Paging { limit, cursor } = input.query;
        let source = select_visible_id(input.path.id);
        let [source, forks] = context.fly([source, select(input.path.id, cursor, limit)]).await?;
        read_one::<Id>(&source)?;
        let mut forks: Vec<Artifact> = read_all(&forks)?;
        let bucket = context.bucket()?;
        forks.iter_mut().try_for_each(|fork| fork.sign(bucket))?;
        Ok(Page::new(forks, limit))
    }
}

/// The forks of an artifact, what is public and what is the caller's own apart: most forks are private, and none of someone
/// else's is looked at. Each is found by its index alone before anything is joined to it; of a parameter the planner knows
/// nothing, and would expect a tenth of all rows, but the constant tells it how few they can be.
#[must_use]
pub fn select(source_id: Uuid, cursor: Option<Cursor>, limit: Limit) -> Sql {
    let forks = |condition: &str| {
        format!(
            "select artifacts.*
             from artifacts
             where artifacts.forked_from_id = $1 and {condition} and artifacts.deleted_at is null and {}
             order by artifacts.created_at desc, artifacts.id desc
             limit 101",
            after(cursor, "artifacts", 2)
        )
    };
    sql(format!(
        "with artifacts as (
             select * from (({}) union all ({})) forks
             order by created_at desc, id desc
             limit $4
         )
         select {ARTIFACT}
         order by artifacts.created_at desc, artifacts.id desc",
        forks("artifacts.visibility = 'public'"),
        forks("artifacts.visibility = 'private' and artifacts.owner_user_id = (select auth.uid())"),
    ))
    .bind(source_id)
    .bind(cursor.map(|cursor| cursor.created_at))
    .bind(cursor.map(|cursor| cursor.id))
    .bind(limit.and_one())
}
