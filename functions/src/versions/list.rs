//! GET /v1/artifacts/{id}/versions: the versions of an artifact that the caller may see.

use shared::{
    Access, Context, Endpoint, Input, Nothing, Page, Paging, Problem, Route, Sql,
    context::{read_all, read_one},
    model::{
        accounts::Id,
        artifacts::{VISIBLE, select_visible_id},
        versions::{VERSION, Version},
    },
    sql,
};
use uuid::Uuid;

use crate::artifacts::read::ArtifactPath;

/// Lists versions, without their files.
pub struct ListVersions;

impl Endpoint for ListVersions {
    const ROUTE: Route =
        Route::get("/v1/artifacts/{id}/versions", "List the versions of an artifact").access(Access::Optional);
    type Path = ArtifactPath;
    type Query = Paging;
    type Body = Nothing;
    type Reply = Page<Version>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let artifact = select_visible_id(input.path.id);
        let [artifact, versions] = context.fly([artifact, select(input.path.id, input.query)]).await?;
        read_one::<Id>(&artifact)?;
        Ok(Page::new(read_all::<Version>(&versions)?, input.query.limit))
    }
}

/// A page of them.
#[must_use]
pub fn select(artifact_id: Uuid, Paging { limit, cursor }: Paging) -> Sql {
    let before = cursor.map_or("$2::uuid is null", |_| {
        "versions.version_index < (
             select version_index from artifact_versions where artifact_id = $1 and id = $2
         )"
    });
    sql(format!(
        "select {VERSION}, null::jsonb as chat
         from artifact_versions versions
         join artifacts on artifacts.id = versions.artifact_id and {VISIBLE}
         where versions.artifact_id = $1 and {before}
         order by versions.version_index desc
         limit $3"
    ))
    .bind(artifact_id)
    .bind(cursor.map(|cursor| cursor.id))
    .bind(limit.and_one())
}
