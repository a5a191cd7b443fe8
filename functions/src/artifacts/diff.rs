//! GET /v1/artifacts/{id}/diff: what is not the same in two versions.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de};
use shared::{
    Access, AsText, Context, Endpoint, Input, JsonOrText, Nothing, Problem, Resource, Route, Sql,
    context::{read_all, read_one},
    diff::{FileDiff, unified},
    from_row,
    model::{
        artifacts::VISIBLE,
        diffs::{compare, files_of, select_sides},
    },
    problem, sql,
    text::FilePath,
};
use uuid::Uuid;

use super::read::ArtifactPath;

/// Compares two versions of an artifact, or of a fork and its source.
pub struct DiffArtifact;

/// Which versions, and how much around what changed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiffQuery {
    /// The index of the version before; where left out, the one that `to` came after, or `from_artifact`'s newest.
    #[serde(default)]
    from: Option<NonZeroU32>,
    /// The index of the version after; the newest where left out.
    #[serde(default)]
    to: Option<NonZeroU32>,
    /// The artifact of `from`, where it is another: one that this is a fork of, or that is a fork of this.
    #[serde(default)]
    from_artifact: Option<Uuid>,
    /// Only this file.
    #[serde(default)]
    path: Option<FilePath>,
    /// Equal lines around each change, 0 to 100.
    #[serde(default = "default_context", deserialize_with = "context")]
    #[schemars(range(min = 0, max = 100))]
    context: u8,
}

fn default_context() -> u8 {
    3
}

fn context<'de, D: de::Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let lines = u8::deserialize(deserializer)?;
    if lines <= 100 { Ok(lines) } else { Err(de::Error::custom("must be from 0 to 100")) }
}

/// What is not the same in two versions.
#[derive(Serialize, JsonSchema)]
pub struct VersionDiff {
    /// The index of the version before; null where `to` is an artifact's first version: then everything is new.
    from: Option<i32>,
    /// The index of the version after.
    to: i32,
    /// The artifact of `from`.
    from_artifact_id: Uuid,
    /// The artifact of `to`.
    to_artifact_id: Uuid,
    /// Lines added.
    additions: usize,
    /// Lines removed.
    deletions: usize,
    /// The files that are not the same, by path.
    files: Vec<FileDiff>,
}

impl Resource for VersionDiff {}

impl AsText for VersionDiff {
    const MEDIA_TYPE: &'static str = "text/x-diff";

    fn into_text(self) -> String {
        unified(&self.files)
    }
}

struct Ends {
    from_index: Option<i32>,
    to_index: i32,
    from_artifact_id: Uuid,
    to_artifact_id: Uuid,
}

from_row!(Ends { from_index, to_index, from_artifact_id, to_artifact_id });

impl Endpoint for DiffArtifact {
    const ROUTE: Route = Route::get("/v1/artifacts/{id}/diff", "Compare two versions, or a fork and its source")
        .access(Access::Optional)
        .memory(512)
        .timeout(20)
        .problems(&[&problem::INVALID_REFERENCE, &problem::TOO_MUCH]);
    type Path = ArtifactPath;
    type Query = DiffQuery;
    type Body = Nothing;
    type Reply = JsonOrText<VersionDiff>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let is_text = input.prefers(VersionDiff::MEDIA_TYPE);
        let (id, query) = (input.path.id, input.query);
        let [ends, files] = context.fly([select_ends(id, &query), select_files(id, &query)]).await?;
        let ends: Ends = read_one(&ends)?;
        let files = compare(read_all(&files)?, query.context.into())?;
        let resource = VersionDiff {
            from: ends.from_index,
            to: ends.to_index,
            from_artifact_id: ends.from_artifact_id,
            to_artifact_id: ends.to_artifact_id,
            additions: files.iter().map(|file| file.additions).sum(),
            deletions: files.iter().map(|file| file.deletions).sum(),
            files,
        };
        Ok(JsonOrText { resource, is_text })
    }
}

/// The two versions, where the caller may see both. A first version has none before it.
///
/// Under row level security `coalesce` would keep the indexes from being used, which `case` does not.
fn ends() -> String {
    let sources_visible = VISIBLE.replace("artifacts.", "sources.");
    format!(
        "with ends as materialized (
             select
                 artifacts.id as to_artifact_id, to_versions.version_index as to_index,
                 sources.id as from_artifact_id, from_versions.version_index as from_index
             from artifacts
             join artifact_versions to_versions
               on to_versions.artifact_id = artifacts.id
              and to_versions.version_index = case when $3::integer is null then artifacts.versions_count else $3 end
             join artifacts sources
               on sources.id = case when $4::uuid is null then artifacts.id else $4 end
              and {sources_visible}
             left join artifact_versions parents on parents.id = to_versions.parent_version_id
             left join artifact_versions from_versions
               on from_versions.artifact_id = sources.id
              and from_versions.version_index = case
                  when $2::integer is not null then $2
                  when $4::uuid is null then parents.version_index
                  else sources.versions_count
              end
             where artifacts.id = $1
               and {VISIBLE}
               and (from_versions.id is not null
                    or ($2::integer is null and $4::uuid is null and to_versions.parent_version_id is null))
         )"
    )
}

fn bind_ends(statement: Sql, id: Uuid, query: &DiffQuery) -> Sql {
    let index = |version: NonZeroU32| i32::try_from(version.get()).unwrap_or(i32::MAX);
    statement
        .bind(id)
        .bind(query.from.map(index))
        .bind(query.to.map(index))
        .bind(query.from_artifact.filter(|artifact| *artifact != id))
}

fn select_ends(id: Uuid, query: &DiffQuery) -> Sql {
    let select = sql(format!(
        "{}
         select *
         from ends
         where from_artifact_id = to_artifact_id
            or exists (select from artifact_ancestors(to_artifact_id) where ancestor_id = from_artifact_id)
            or exists (select from artifact_ancestors(from_artifact_id) where ancestor_id = to_artifact_id)
            or refuse('invalid_reference', '/query/from_artifact')",
        ends()
    ));
    bind_ends(select, id, query)
}

/// The files that are not the same, from both sides.
fn select_files(id: Uuid, query: &DiffQuery) -> Sql {
    let select = sql(format!(
        "{},
         old as ({}),
         new as ({}),
         changed as (
             select old, new
             from old
             full join new using (path)
             where old.sha256 is distinct from new.sha256 and ($5::text is null or path = $5)
         ),
         sides as (
             select 0 as side, (old).* from changed where (old).path is not null
             union all
             select 1, (new).* from changed where (new).path is not null
         ),
         {}",
        ends(),
        files_of("ends.from_artifact_id", "ends.from_index"),
        files_of("ends.to_artifact_id", "ends.to_index"),
        select_sides("true"),
    ));
    bind_ends(select, id, query).bind(query.path.clone().map(FilePath::into_string))
}
