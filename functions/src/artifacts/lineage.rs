//! GET /v1/artifacts/{id}/lineage: the way from the original to an artifact.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Access, Context, Endpoint, Input, Json, Nothing, Problem, Resource, Route, Storage,
    context::{read_all, read_one},
    from_row,
    model::{
        accounts::Id,
        artifacts::{VISIBLE, select_visible_id},
        profiles::{OWNER, OWNER_JOINS, Owner},
    },
    sql,
};
use uuid::Uuid;

use super::read::ArtifactPath;

/// Reads where an artifact comes from.
pub struct ReadLineage;

/// Where an artifact comes from.
#[derive(Serialize, JsonSchema)]
pub struct Lineage {
    /// From the original to the artifact itself, each a fork of the one before.
    items: Vec<Ancestor>,
}

impl Resource for Lineage {}

/// An artifact on the way; all null but its depth where it is private or deleted. What is removed for good is one such
/// item, however many lay there next to each other.
#[derive(Serialize, JsonSchema)]
pub struct Ancestor {
    /// Forks between it and the artifact asked for: 0 is that artifact, 1 its source.
    depth: i32,
    /// The artifact.
    id: Option<Uuid>,
    /// What it is called.
    title: Option<String>,
    /// Whose it is.
    owner: Option<Owner>,
    /// The version of its source that it is a fork of; null, as is all about it, where that source is hidden.
    forked_from_version_id: Option<Uuid>,
    /// That version's index, where it can still be read.
    forked_from_version_index: Option<i32>,
    /// What that version was labelled.
    forked_from_version_label: Option<String>,
    /// When it was made.
    created_at: Option<Timestamp>,
}

from_row!(Ancestor {
    depth,
    id,
    title,
    owner,
    forked_from_version_id,
    forked_from_version_index,
    forked_from_version_label,
    created_at
});

impl Endpoint for ReadLineage {
    const ROUTE: Route = Route::get("/v1/artifacts/{id}/lineage", "Read where an artifact comes from")
        .access(Access::Optional)
        .storage(Storage::Read);
    type Path = ArtifactPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Lineage>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let itself = select_visible_id(input.path.id);
        let visible_source = VISIBLE.replace("artifacts.", "sources.");
        let lineage = sql(format!(
            "select
                 way.depth, artifacts.id, artifacts.title, artifacts.created_at,
                 case when sources.id is not null then artifacts.forked_from_version_id end as forked_from_version_id,
                 versions.version_index as forked_from_version_index,
                 case when sources.id is not null then artifacts.forked_from_version_label end as forked_from_version_label,
                 case when artifacts.id is not null then {OWNER} end as owner
             from (
                 select ancestor_id, depth from artifact_ancestors($1)
                 union all
                 select $1, 0
             ) way
             left join artifacts on artifacts.id = way.ancestor_id and {VISIBLE}
             left join artifacts sources on sources.id = artifacts.forked_from_id and {visible_source}
             left join artifact_versions versions on versions.id = artifacts.forked_from_version_id
                 and versions.artifact_id = sources.id
             left join profiles on profiles.user_id = artifacts.owner_user_id
             {OWNER_JOINS}
             order by way.depth desc"
        ));
        let [itself, lineage] = context.fly([itself, lineage.bind(input.path.id)]).await?;
        read_one::<Id>(&itself)?;
        let mut items: Vec<Ancestor> = read_all(&lineage)?;
        let bucket = context.bucket()?;
        items.iter_mut().filter_map(|item| item.owner.as_mut()).try_for_each(|owner| owner.sign(bucket))?;
        Ok(Json(Lineage { items }))
    }
}
