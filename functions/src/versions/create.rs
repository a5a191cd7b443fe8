//! POST /v1/artifacts/{id}/versions: publish a version.

use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Route, Sql, Storage,
    context::{read_all, read_one},
    model::{
        accounts::Id,
        versions::{
            FILE, FileRow, Manifest, NewFiles, NewVersion, Version, count_changes, read_version, select_files,
            select_version,
        },
    },
    problem, sql,
    text::Sha256,
};
use uuid::Uuid;

use crate::artifacts::read::ArtifactPath;

/// Publishes a version. Nothing is ever overwritten.
pub struct CreateVersion;

struct Current {
    versions_count: i32,
}

shared::from_row!(Current { versions_count });

impl Endpoint for CreateVersion {
    const ROUTE: Route = Route::post("/v1/artifacts/{id}/versions", "Publish a version: all its files")
        .storage(Storage::Read)
        .if_match()
        .memory(256)
        .problems(&[&problem::INVALID_REFERENCE]);
    type Path = ArtifactPath;
    type Query = Nothing;
    type Body = NewVersion;
    type Reply = Created<Version>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (id, version_id) = (input.path.id, Uuid::now_v7());
        let manifest = Manifest::new(&input.body.files)?;
        let [current, old] = context.fly([select_current(id, input.if_match), select_old(id, &manifest)]).await?;
        let index = read_one::<Current>(&current)?.versions_count + 1;
        let (additions, deletions) = compare(&read_all(&old)?, &input.body.files)?;
        let [insert_version, insert_chat] = input.body.insert(id, version_id, additions, deletions);
        // A second flight: lines are counted against the text that the first one brought. If-Match, checked again here,
        // makes sure that nothing came between.
        let [updated, _, _, _, _, _, version, files] = context
            .fly([
                advance(id, version_id, index, input.if_match),
                manifest.insert_blobs(id),
                manifest.close_files(id),
                manifest.open_files(id, ""),
                insert_version,
                insert_chat,
                select_version(id, index),
                select_files(id, index),
            ])
            .await?;
        read_one::<Id>(&updated)?;
        Ok(Created(read_version(&version, &files, context.bucket()?)?))
    }
}

fn select_current(id: Uuid, if_match: Option<i64>) -> Sql {
    sql("
        select versions_count
        from artifacts
        where id = $1 and owner_user_id = auth.uid() and deleted_at is null and if_match(revision, $2)
    ")
    .bind(id)
    .bind(if_match)
}

/// The newest version's files, with the text of those that are not the same in the new one.
fn select_old(id: Uuid, manifest: &Manifest) -> Sql {
    let current = "(select versions_count from artifacts where id = $1 and owner_user_id = auth.uid())";
    let content = "case when not exists (
        select from unnest($2::text[], $3::bytea[]) as new (path, sha256)
        where new.path = files.path and new.sha256 = blobs.sha256
    ) then blobs.content end as content";
    let select = FILE.replace("$2", current).replace("blobs.content,", &format!("{content},"));
    manifest.bind_paths(sql(format!("select {select}")).bind(id))
}

/// Lines added and removed. Files sent as a SHA-256 have none.
fn compare(old: &[FileRow], new: &NewFiles) -> Result<(i32, i32), Problem> {
    let mut old_texts = Vec::new();
    for file in old {
        if let Some(text) = file.bytes()?.and_then(|bytes| String::from_utf8(bytes).ok()) {
            old_texts.push((file.path.as_str(), text));
        }
    }
    let is_unchanged = |path: &str, text: &str| {
        old.iter().any(|file| file.path == path && file.content.is_none() && file.sha256 == Sha256::of(text.as_bytes()))
    };
    let new_texts: Vec<(&str, &str)> = new
        .0
        .iter()
        .filter_map(|file| Some((file.path.as_str(), file.content.as_deref()?)))
        .filter(|(path, text)| !is_unchanged(path, text))
        .collect();
    let old_texts: Vec<(&str, &str)> = old_texts.iter().map(|(path, text)| (*path, text.as_str())).collect();
    Ok(count_changes(&old_texts, &new_texts))
}

/// Makes the new version the newest, if the artifact is still as the caller knew it. Where it has gone since the first
/// flight, nothing that follows may touch its files.
pub fn advance(id: Uuid, version_id: Uuid, index: i32, if_match: Option<i64>) -> Sql {
    sql("
        with advanced as (
            update artifacts set current_version_id = $2, versions_count = $3
            where id = $1
              and owner_user_id = auth.uid()
              and deleted_at is null
              and if_match(revision, $4)
              and (versions_count = $3 - 1 or refuse('stale'))
            returning id
        )
        select id from advanced
        union all
        select $1 where case when not exists (select from advanced) then refuse('not_found') end
    ")
    .bind(id)
    .bind(version_id)
    .bind(index)
    .bind(if_match)
}
