//! GET /v1/artifacts/{id}/forks: the forks of an artifact that the caller may see.

use shared::{
    Access, Context, Endpoint, Input, Nothing, Page, Paging, Problem, Route, Storage,
    context::{read_all, read_one},
    model::{
        accounts::Id,
        artifacts::{Artifact, VISIBLE, select_page, select_visible_id},
    },
    page::after,
    sql,
};

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
        let condition = format!(
            "artifacts.forked_from_id = $1
             and {VISIBLE}
             and {}",
            after(cursor, "artifacts", 2)
        );
        let forks = sql(select_page(&condition, "$4"))
            .bind(input.path.id)
            .bind(cursor.map(|cursor| cursor.created_at))
            .bind(cursor.map(|cursor| cursor.id))
            .bind(limit.and_one());
        let [source, forks] = context.fly([source, forks]).await?;
        read_one::<Id>(&source)?;
        let mut forks: Vec<Artifact> = read_all(&forks)?;
        let bucket = context.bucket()?;
        forks.iter_mut().try_for_each(|fork| fork.sign(bucket))?;
        Ok(Page::new(forks, limit))
    }
}
