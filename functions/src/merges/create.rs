//! POST /v1/artifacts/{id}/merges: bring a newer version of its source into a fork.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, CreatedOnce, Endpoint, Input, Nothing, Problem, Route, Sql, Storage,
    context::{read_all, read_one},
    from_row,
    model::{
        accounts::Id,
        artifacts::VISIBLE,
        diffs::{self, files_of},
        merges::{Merged, merge_files},
        versions::{NewFiles, NewVersion, Version, advance, read_version, select_files, select_version},
    },
    problem, sql,
    text::{Object, Text},
};
use uuid::Uuid;

use crate::artifacts::read::ArtifactPath;

/// Merges a fork with its source. Where both changed the same, nothing happens.
pub struct CreateMerge;

/// What to merge.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"version": 3, "summary": "Take over the new hands"}))]
pub struct NewMerge {
    /// Which version of the source, by index; the newest where left out.
    #[serde(default)]
    version: Option<NonZeroU32>,
    /// What changes; says which version was merged where left out.
    #[serde(default)]
    summary: Option<Text<1, 2000>>,
    /// A name for the new version.
    #[serde(default)]
    label: Option<Text<1, 100>>,
}

/// The fork, and what is to be merged as far as the caller may see it.
struct Fork {
    versions_count: i32,
    has_source: bool,
    code_language: Option<String>,
    theirs: Option<Theirs>,
}

/// A version of the source.
struct Theirs {
    artifact_id: Uuid,
    version_id: Uuid,
    index: i32,
    is_merged: bool,
    has_base: bool,
}

from_row!(Theirs { artifact_id, version_id, index, is_merged, has_base });

impl shared::FromRow for Fork {
    fn from_row(row: &shared::database::Row) -> Result<Self, shared::database::RowError> {
        Ok(Self {
            versions_count: row.try_get("versions_count")?,
            has_source: row.try_get("has_source")?,
            code_language: row.try_get("code_language")?,
            theirs: row.try_get::<_, Option<Uuid>>("version_id")?.map(|_| Theirs::from_row(row)).transpose()?,
        })
    }
}

impl Endpoint for CreateMerge {
    const ROUTE: Route = Route::post("/v1/artifacts/{id}/merges", "Merge a fork with a newer version of its source")
        .storage(Storage::Read)
        .if_match()
        .memory(512)
        .timeout(20)
        .problems(&[
            &problem::CONFLICT,
            &problem::INVALID_REFERENCE,
            &problem::MERGE_CONFLICT,
            &problem::NOT_A_FORK,
            &problem::TOO_MUCH,
        ]);
    type Path = ArtifactPath;
    type Query = Nothing;
    type Body = NewMerge;
    type Reply = CreatedOnce<Version>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (id, version_id, if_match) = (input.path.id, Uuid::now_v7(), input.if_match);
        let version = input.body.version.map(|version| i32::try_from(version.get()).unwrap_or(i32::MAX));
        let [fork, files] = context.fly([select_fork(id, version, if_match), select_sides(id, version)]).await?;
        let fork: Fork = read_one(&fork)?;
        let theirs = fork.theirs()?;
        // A second flight: the texts of the first one are merged here. If-Match, checked again, makes sure that nothing
        // came between.
        if theirs.is_merged {
            let index = fork.versions_count;
            let [version, files] = context.fly([select_version(id, index), select_files(id, index)]).await?;
            return Ok(CreatedOnce { resource: read_version(&version, &files, context.bucket()?)?, is_new: false });
        }
        let merged = merge_files(read_all(&files)?)?;
        let index = fork.versions_count + 1;
        let new = input.body.into_version(&fork, theirs.index)?;
        let [insert_version, insert_chat] = new.insert(id, version_id, merged.additions, merged.deletions);
        let [updated, .., version, files] = context
            .fly([
                advance(id, version_id, index, if_match),
                merged.manifest.insert_blobs(id),
                merged.manifest.close_files(id),
                take_files(id, theirs, &merged),
                merged.manifest.open_files(id, ""),
                merged.manifest.insert_words(id),
                insert_version,
                insert_chat,
                insert_merge(id, index, theirs.version_id),
                select_version(id, index),
                select_files(id, index),
            ])
            .await?;
        read_one::<Id>(&updated)?;
        Ok(CreatedOnce { resource: read_version(&version, &files, context.bucket()?)?, is_new: true })
    }
}

impl Fork {
    /// What to merge. A source that is private is not told from one that is gone.
    fn theirs(&self) -> Result<&Theirs, Problem> {
        if !self.has_source {
            return Err(Problem::new(&problem::NOT_A_FORK, problem::NOT_A_FORK.title));
        }
        let theirs = self.theirs.as_ref().ok_or_else(|| {
            Problem::new(
                &problem::NOT_FOUND,
                "The source, or this version of it, does not exist or is not yours to see.",
            )
        })?;
        if theirs.has_base || theirs.is_merged {
            Ok(theirs)
        } else {
            Err(Problem::new(&problem::NOT_FOUND, "The version that was merged last is no longer yours to see."))
        }
    }
}

impl NewMerge {
    fn into_version(self, fork: &Fork, theirs_index: i32) -> Result<NewVersion, Problem> {
        let invalid = |error| Problem::internal(anyhow::anyhow!("a stored text is not valid: {error}"));
        let summary = match self.summary {
            Some(summary) => summary,
            None => Text::new(format!("Merge version {theirs_index} of the source")).map_err(invalid)?,
        };
        Ok(NewVersion {
            summary: Some(summary),
            label: self.label,
            code_language: fork.code_language.clone().map(Text::new).transpose().map_err(invalid)?,
            files: NewFiles::default(),
            chat: None,
            session_id: None,
            credits_used_estimate: None,
            stats: Object::default(),
        })
    }
}

/// The versions to bring together, where the caller owns the fork and may see the version of the source. The base is the
/// version merged last; else the one forked, or, where the source hides it, the fork's first version, which is the same.
fn ends() -> String {
    let sources_visible = VISIBLE.replace("artifacts.", "sources.");
    format!(
        "with ends as materialized (
             select
                 artifacts.id as ours_artifact_id, artifacts.versions_count as ours_index,
                 sources.id as theirs_artifact_id, theirs.id as theirs_version_id, theirs.version_index as theirs_index,
                 coalesce(bases.artifact_id, case when merges.artifact_id is null then artifacts.id end) as base_artifact_id,
                 coalesce(bases.version_index, 1) as base_index,
                 coalesce(
                     theirs.id = case
                         when merges.artifact_id is null then artifacts.forked_from_version_id
                         else merges.source_version_id
                     end
                         or (theirs.artifact_id = bases.artifact_id and theirs.version_index <= bases.version_index),
                     false
                 ) as is_merged
             from artifacts
             join artifacts sources on sources.id = artifacts.forked_from_id and {sources_visible}
             join artifact_versions theirs
               on theirs.artifact_id = sources.id and theirs.version_index = case when $2::integer is null then sources.versions_count else $2 end
             left join lateral (
                 select artifact_merges.artifact_id, artifact_merges.source_version_id
                 from artifact_merges
                 where artifact_merges.artifact_id = artifacts.id
                 order by artifact_merges.version_index desc
                 limit 1
             ) merges on true
             left join artifact_versions bases
               on bases.id = case
                   when merges.artifact_id is null then artifacts.forked_from_version_id
                   else merges.source_version_id
               end
             where artifacts.id = $1 and artifacts.owner_user_id = auth.uid() and artifacts.deleted_at is null
         )"
    )
}

fn select_fork(id: Uuid, version: Option<i32>, if_match: Option<i64>) -> Sql {
    sql(format!(
        "{}
         select
             artifacts.versions_count, versions.code_language,
             num_nonnulls(artifacts.forked_from_id, artifacts.forked_from_version_label) > 0 as has_source,
             ends.theirs_artifact_id as artifact_id, ends.theirs_version_id as version_id, ends.theirs_index as index,
             ends.is_merged, ends.base_artifact_id is not null as has_base
         from artifacts
         left join artifact_versions versions on versions.id = artifacts.current_version_id
         left join ends on true
         where artifacts.id = $1
           and artifacts.owner_user_id = auth.uid()
           and artifacts.deleted_at is null
           and if_match(artifacts.revision, $3)",
        ends()
    ))
    .bind(id)
    .bind(version)
    .bind(if_match)
}

/// The files of base, ours and theirs, with the text of those that theirs changed and ours does not have.
fn select_sides(id: Uuid, version: Option<i32>) -> Sql {
    sql(format!(
        "{},
         base as ({}),
         ours as ({}),
         theirs as ({}),
         paths as (
             select
                 base, ours, theirs,
                 theirs.sha256 is distinct from base.sha256 and theirs.sha256 is distinct from ours.sha256 as is_changed
             from theirs
             full join base using (path)
             full join ours using (path)
         ),
         sides as (
             select 0 as side, (base).*, is_changed from paths where (base).path is not null
             union all
             select 1, (ours).*, is_changed from paths where (ours).path is not null
             union all
             select 2, (theirs).*, is_changed from paths where (theirs).path is not null
         ),
         {}",
        ends(),
        files_of("ends.base_artifact_id", "ends.base_index"),
        files_of("ends.ours_artifact_id", "ends.ours_index"),
        files_of("ends.theirs_artifact_id", "ends.theirs_index"),
        diffs::select_sides("is_changed"),
    ))
    .bind(id)
    .bind(version)
}

/// Takes files over from the source, without a copy of their bytes. It may have gone out of sight since the first flight.
fn take_files(id: Uuid, theirs: &Theirs, merged: &Merged) -> Sql {
    sql("
        insert into artifact_files (artifact_id, path, first_index, blob_id, language)
        select artifacts.id, taken.path, artifacts.versions_count, files.blob_id, taken.language
        from artifacts
        cross join unnest($4::text[], $5::text[]) as taken (path, language)
        left join artifact_files files
          on files.artifact_id = $2
         and files.path = taken.path
         and files.first_index <= $3
         and (files.last_index is null or files.last_index >= $3)
        where artifacts.id = $1 and (files.blob_id is not null or refuse('not_found'))
    ")
    .bind(id)
    .bind(theirs.artifact_id)
    .bind(theirs.index)
    .bind(merged.taken.clone())
    .bind(merged.taken_languages.clone())
}

fn insert_merge(id: Uuid, index: i32, source_version_id: Uuid) -> Sql {
    sql("insert into artifact_merges (artifact_id, version_index, source_version_id) values ($1, $2, $3)")
        .bind(id)
        .bind(index)
        .bind(source_version_id)
}
