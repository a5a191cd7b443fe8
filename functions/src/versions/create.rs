//! POST /v1/artifacts/{id}/versions: publish a version.

use std::collections::HashMap;

use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Route, Storage,
    context::{read_all, read_one},
    model::{
        accounts::Id,
        versions::{
            FileRow, Manifest, NEWEST, NewFiles, NewVersion, Version, VersionsCount, advance, count_changes,
            read_texts, read_version, select_changed, select_files, select_version, select_versions_count,
        },
    },
    problem, sql,
    text::Sha256,
};
use uuid::Uuid;

use crate::artifacts::read::ArtifactPath;

/// Publishes a version. Nothing is ever overwritten.
pub struct CreateVersion;

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
        let mut manifest = Manifest::new(&input.body.files)?;
        let select_newest = manifest.bind_paths(sql(select_changed(NEWEST, IS_SAME)).bind(id));
        let [current, newest] = context.fly([select_versions_count(id, input.if_match), select_newest]).await?;
        let index = read_one::<VersionsCount>(&current)?.versions_count + 1;
        let newest: Vec<FileRow> = read_all(&newest)?;
        manifest.compress(&input.body.files, &newest)?;
        let (additions, deletions) = compare(&newest, &input.body.files)?;
        let [insert_version, insert_chat] = input.body.insert(id, version_id, additions, deletions);
        // A second flight: lines are counted against the text that the first one brought, and patches are made of it.
        // If-Match, checked again here, makes sure that nothing came between.
        let [updated, .., version, files] = context
            .fly([
                advance(id, version_id, index, input.if_match),
                manifest.insert_blobs(id),
                manifest.close_files(id),
                manifest.open_files(id, ""),
                manifest.insert_words(id),
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

/// Whether the new version has a file of the newest one unchanged.
const IS_SAME: &str = "
    select from unnest($2::text[], $3::bytea[]) as new (path, sha256)
    where new.path = files.path and new.sha256 = blobs.sha256
";

/// Lines added and removed. Files sent as a SHA-256 have none.
fn compare(newest: &[FileRow], new: &NewFiles) -> Result<(i32, i32), Problem> {
    let unchanged: HashMap<&str, Sha256> =
        newest.iter().filter(|file| !file.text.is_here()).map(|file| (file.path.as_str(), file.text.sha256)).collect();
    let is_unchanged =
        |path: &str, text: &str| unchanged.get(path).is_some_and(|sha256| *sha256 == Sha256::of(text.as_bytes()));
    let new: Vec<(&str, &str)> = new
        .0
        .iter()
        .filter_map(|file| Some((file.path.as_str(), file.content.as_deref()?)))
        .filter(|(path, text)| !is_unchanged(path, text))
        .collect();
    Ok(count_changes(&read_texts(newest)?, &new))
}
