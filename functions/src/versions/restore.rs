//! POST /v1/artifacts/{id}/versions/{version}/restore: publish what an earlier version had.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Route, Sql, Storage,
    context::{read_all, read_one},
    model::{
        accounts::Id,
        versions::{
            METADATA, NEWEST, Searched, Version, VersionsCount, advance, count_changes, read_texts, read_version, select_changed,
            select_files, select_version, select_versions_count,
        },
    },
    sql,
    text::Text,
};
use uuid::Uuid;

use super::read::VersionPath;

/// Publishes the files of an earlier version once more. No bytes are copied, and no version goes.
pub struct RestoreVersion;

/// What is said of the new version.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"summary": "Back to the round clock"}))]
pub struct Restoration {
    /// What changed; which version was restored where left out.
    #[serde(default)]
    summary: Option<Text<1, 2000>>,
    /// A name for it.
    #[serde(default)]
    label: Option<Text<1, 100>>,
}

impl Endpoint for RestoreVersion {
    const ROUTE: Route = Route::post(
        "/v1/artifacts/{id}/versions/{version}/restore",
        "Publish the files of an earlier version as a new one",
    )
    .storage(Storage::Read)
    .if_match()
    .memory(256);
    type Path = VersionPath;
    type Query = Nothing;
    type Body = Restoration;
    type Reply = Created<Version>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (VersionPath { id, version }, version_id) = (input.path, Uuid::now_v7());
        let [current, restored, before, after] = context
            .fly([
                select_versions_count(id, input.if_match),
                select_restored(id, version),
                sql(select_changed(NEWEST, &has_it("$2"))).bind(id).bind(version),
                sql(select_changed("$2", &has_it(NEWEST))).bind(id).bind(version),
            ])
            .await?;
        let index = read_one::<VersionsCount>(&current)?.versions_count + 1;
        let restored: Id = read_one(&restored)?;
        let (before, after) = (read_all(&before)?, read_all(&after)?);
        let (before, after) = (read_texts(&before)?, read_texts(&after)?);
        let (additions, deletions) = count_changes(&before, &after);
        let mut searched = Searched::default();
        for (path, text) in &after {
            searched.push(path, text);
        }
        // A second flight: lines are counted in the texts that the first one brought. If-Match, checked again here, makes
        // sure that nothing came between.
        let [updated, .., version, files] = context
            .fly([
                advance(id, version_id, index, input.if_match),
                close_files(id, version),
                open_files(id, version),
                searched.insert_words(id),
                insert_version(id, version_id, restored.id, input.body, additions, deletions),
                select_version(id, index),
                select_files(id, index),
            ])
            .await?;
        read_one::<Id>(&updated)?;
        Ok(Created(read_version(&version, &files, context.bucket()?)?))
    }
}

fn select_restored(id: Uuid, version: i32) -> Sql {
    sql("
        select versions.id
        from artifact_versions versions
        join artifacts on artifacts.id = versions.artifact_id
        where versions.artifact_id = $1 and versions.version_index = $2 and artifacts.owner_user_id = auth.uid()
    ")
    .bind(id)
    .bind(version)
}

/// Whether a version of the artifact `$1` has the same blob as a row of `files` at the same path.
fn has_it(version_index: &str) -> String {
    format!(
        "select from artifact_files others
         where others.artifact_id = $1
           and others.path = files.path
           and others.blob_id = files.blob_id
           and others.first_index <= {version_index}
           and (others.last_index is null or others.last_index >= {version_index})"
    )
}

/// Ends the spans of what the restored version had not, or not in this language.
fn close_files(id: Uuid, version: i32) -> Sql {
    sql(format!(
        "update artifact_files files set last_index = artifacts.versions_count - 1
         from artifacts
         where artifacts.id = $1
           and files.artifact_id = $1
           and files.last_index is null
           and not exists ({} and others.language is not distinct from files.language)",
        has_it("$2")
    ))
    .bind(id)
    .bind(version)
}

/// Begins the spans of what the restored version had and the newest one has not.
fn open_files(id: Uuid, version: i32) -> Sql {
    sql("
        insert into artifact_files (artifact_id, path, first_index, blob_id, language)
        select artifacts.id, files.path, artifacts.versions_count, files.blob_id, files.language
        from artifacts
        join artifact_files files on files.artifact_id = artifacts.id
        where artifacts.id = $1
          and files.first_index <= $2
          and files.last_index >= $2
          and not exists (
              select from artifact_files others
              where others.artifact_id = $1 and others.path = files.path and others.last_index is null
          )
    ")
    .bind(id)
    .bind(version)
}

/// Records the version that the artifact's row, by now, says is the newest.
fn insert_version(
    id: Uuid,
    version_id: Uuid,
    restored_id: Uuid,
    restoration: Restoration,
    additions: i32,
    deletions: i32,
) -> Sql {
    sql(format!(
        "insert into artifact_versions (
             id, artifact_id, version_index, parent_version_id, summary, label, code_language, stats, version_metadata,
             files_count, size, additions, deletions
         )
         select
             $2, artifacts.id, artifacts.versions_count, parents.id,
             coalesce($4, 'Restore version ' || restored.version_index), $5, restored.code_language, restored.stats,
             {METADATA} || jsonb_build_object('restored_from_id', restored.id), restored.files_count, restored.size, $6, $7
         from artifacts
         join artifact_versions restored on restored.id = $3 and restored.artifact_id = artifacts.id
         join artifact_versions parents
             on parents.artifact_id = artifacts.id and parents.version_index = artifacts.versions_count - 1
         where artifacts.id = $1 and artifacts.owner_user_id = auth.uid() and artifacts.current_version_id = $2"
    ))
    .bind(id)
    .bind(version_id)
    .bind(restored_id)
    .bind(restoration.summary.map(Text::into_string))
    .bind(restoration.label.map(Text::into_string))
    .bind(additions)
    .bind(deletions)
}
