//! POST /v1/artifacts/{id}/forks: make an artifact of one's own from a version of another.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Route, Sql, Storage,
    context::read_one,
    model::{
        artifacts::{Artifact, VISIBLE, Visibility, select_artifact},
        versions::{Searched, read_texts, select_unsearched},
    },
    sql,
    text::Text,
};
use uuid::Uuid;

use super::read::ArtifactPath;

/// Forks an artifact. No bytes are copied.
pub struct ForkArtifact;

/// How the fork differs from its source.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"title": "My clock", "version": 2}))]
pub struct NewFork {
    /// What it is called; as its source where left out.
    #[serde(default)]
    title: Option<Text<1, 200>>,
    /// Who may see it; its owner alone where left out.
    #[serde(default)]
    visibility: Option<Visibility>,
    /// Which version to fork, by index; the newest where left out.
    #[serde(default)]
    version: Option<NonZeroU32>,
}

impl Endpoint for ForkArtifact {
    const ROUTE: Route = Route::post("/v1/artifacts/{id}/forks", "Fork an artifact").storage(Storage::Read);
    type Path = ArtifactPath;
    type Query = Nothing;
    type Body = NewFork;
    type Reply = Created<Artifact>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (source_id, id, version_id) = (input.path.id, Uuid::now_v7(), Uuid::now_v7());
        let searched = match input.body.version {
            Some(version) => read_searched(source_id, version, context).await?,
            None => Searched::default(),
        };
        let [.., rows] = context
            .fly([
                insert_fork(source_id, id, version_id, input.body),
                copy_files(source_id, id),
                searched.insert_words(id),
                copy_version(id, version_id),
                copy_media(source_id, id),
                select_artifact(id),
            ])
            .await?;
        let mut artifact: Artifact = read_one(&rows)?;
        artifact.sign(context.bucket()?)?;
        Ok(Created(artifact))
    }
}

/// Texts that the source's newest version has not, so that nobody searched them any more, and the fork's has.
///
/// A flight of its own, made only for a version that is named: their words are made of the texts, which are kept as patches.
async fn read_searched(source_id: Uuid, version: NonZeroU32, context: &mut Context) -> Result<Searched, Problem> {
    let files = context.list(select_unsearched(source_id, index_of(version))).await?;
    let mut searched = Searched::default();
    for (path, text) in read_texts(&files)? {
        searched.push(path, &text);
    }
    Ok(searched)
}

fn index_of(version: NonZeroU32) -> i32 {
    i32::try_from(version.get()).unwrap_or(i32::MAX)
}

/// The fork's row; none where the caller may not see the source or the version, and then the rest finds nothing to do.
#[must_use]
pub fn insert_fork(source_id: Uuid, id: Uuid, version_id: Uuid, new: NewFork) -> Sql {
    // One or the other: an expression of both is one that PostgreSQL does not look up by the index.
    let version = if new.version.is_some() { "$6" } else { "artifacts.versions_count and $6::integer is null" };
    sql(format!(
        "insert into artifacts (
             id, owner_user_id, title, description, visibility, type, tool_name, metadata,
             forked_from_id, forked_from_owner_user_id, forked_from_version_id, forked_from_version_label,
             origin_artifact_id, origin_owner_user_id, current_version_id, versions_count
         )
         select
             $2, auth.uid(), coalesce($4, artifacts.title), artifacts.description, coalesce($5, 'private'), artifacts.type,
             artifacts.tool_name, artifacts.metadata,
             artifacts.id, artifacts.owner_user_id, versions.id,
             coalesce(versions.label, 'v' || versions.version_index),
             coalesce(artifacts.origin_artifact_id, artifacts.id),
             coalesce(artifacts.origin_owner_user_id, artifacts.owner_user_id),
             $3, 1
         from artifacts
         cross join lateral (
             select artifact_versions.id, artifact_versions.label, artifact_versions.version_index
             from artifact_versions
             where artifact_versions.artifact_id = artifacts.id and artifact_versions.version_index = {version}
             -- By itself, after its artifact: most artifacts have so few versions that reading all would seem as good.
             limit 1
         ) versions
         where artifacts.id = $1 and {VISIBLE}"
    ))
    .bind(source_id)
    .bind(id)
    .bind(version_id)
    .bind(new.title.map(Text::into_string))
    .bind(new.visibility.map(Visibility::as_str))
    .bind(new.version.map(index_of))
}

fn copy_files(source_id: Uuid, id: Uuid) -> Sql {
    sql("
        insert into artifact_files (artifact_id, path, first_index, blob_id, language)
        select fork.id, files.path, 1, files.blob_id, files.language
        from artifacts fork
        join artifact_versions source on source.id = fork.forked_from_version_id
        join artifact_files files on files.artifact_id = $1
        where fork.id = $2
          and files.first_index <= source.version_index
          and (files.last_index is null or files.last_index >= source.version_index)
    ")
    .bind(source_id)
    .bind(id)
}

/// The source may have gone out of sight since the fork's row was written: then there is no fork of it either.
fn copy_version(id: Uuid, version_id: Uuid) -> Sql {
    sql("
        insert into artifact_versions (
            id, artifact_id, version_index, summary, label, code_language, stats, version_metadata, files_count, size,
            additions, deletions
        )
        select
            $2, fork.id, 1, source.summary, source.label, source.code_language, source.stats,
            jsonb_build_object(
                'title', fork.title, 'visibility', fork.visibility, 'type', fork.type, 'tool_name', fork.tool_name,
                'source_session_id', fork.source_session_id, 'forked_from_id', fork.forked_from_id
            ),
            source.files_count, source.size, 0, 0
        from artifacts fork
        left join artifact_versions source on source.id = fork.forked_from_version_id
        where fork.id = $1
          and (source.files_count = (select count(*) from artifact_files where artifact_files.artifact_id = fork.id)
               or refuse('not_found'))
    ")
    .bind(id)
    .bind(version_id)
}

/// A fork of what is shown now looks like it until it gets a picture of its own.
fn copy_media(source_id: Uuid, id: Uuid) -> Sql {
    sql("
        insert into artifact_media (artifact_id, screenshot_blob_id, thumb_blob_id)
        select fork.id, media.screenshot_blob_id, media.thumb_blob_id
        from artifacts fork
        join artifacts source on source.id = fork.forked_from_id
        join artifact_media media on media.artifact_id = source.id
        where fork.id = $2 and source.id = $1 and source.current_version_id = fork.forked_from_version_id
    ")
    .bind(source_id)
    .bind(id)
}
