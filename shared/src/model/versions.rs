//! Versions of artifacts: manifests of paths and blobs.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de};
use serde_json::Value;
use uuid::Uuid;

use super::{
    artifacts::Credits,
    blobs::{Blob, compress, decode},
};
use crate::{
    Problem, Resource, Sql, from_json_column, from_row,
    page::{Cursor, Keyset},
    sql,
    text::{FilePath, Json1M, Object, Sha256, Text},
};

/// Bytes of text that one version may bring along in a request, and that one reply shows.
const INLINE_LIMIT: usize = 4 * 1024 * 1024;

/// Bytes of one file of text; larger ones go through an upload.
const FILE_LIMIT: usize = 1024 * 1024;

/// A file of a new version: its text, or the SHA-256 of bytes uploaded before.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFile {
    /// Where in the artifact.
    pub path: FilePath,
    /// What it is written in.
    #[serde(default)]
    pub language: Option<Text<1, 50>>,
    /// Its text, up to 1 MiB.
    #[serde(default)]
    pub content: Option<String>,
    /// Instead of `content`: bytes that the caller uploaded, or that the artifact already has.
    #[serde(default)]
    pub sha256: Option<Sha256>,
}

/// The files of a new version, all of them: 1 to 500, each with its own path.
#[derive(Debug, JsonSchema)]
pub struct NewFiles(#[schemars(length(min = 1, max = 500))] pub Vec<NewFile>);

impl<'de> Deserialize<'de> for NewFiles {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let files = Vec::<NewFile>::deserialize(deserializer)?;
        if files.is_empty() || files.len() > 500 {
            return Err(de::Error::custom("must have 1 to 500 files"));
        }
        let mut paths = HashSet::new();
        let mut total = 0;
        for file in &files {
            let path = file.path.as_str();
            if !paths.insert(path) {
                return Err(de::Error::custom(format_args!("has {path:?} twice")));
            }
            if file.content.is_some() == file.sha256.is_some() {
                return Err(de::Error::custom(format_args!("must have either content or sha256 for {path:?}")));
            }
            let size = file.content.as_ref().map_or(0, String::len);
            if size > FILE_LIMIT {
                return Err(de::Error::custom(format_args!(
                    "has more than 1 MiB of text in {path:?}: upload it instead"
                )));
            }
            total += size;
        }
        if total > INLINE_LIMIT {
            return Err(de::Error::custom("have more than 4 MiB of text together: upload some instead"));
        }
        Ok(Self(files))
    }
}

/// A version to publish.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "summary": "Draw the hands", "code_language": "javascript",
    "files": [{"path": "clock.js", "language": "javascript", "content": "draw();\n"}]
}))]
pub struct NewVersion {
    /// What changed.
    #[serde(default)]
    pub summary: Option<Text<1, 2000>>,
    /// A name for it.
    #[serde(default)]
    pub label: Option<Text<1, 100>>,
    /// What it is mainly written in.
    #[serde(default)]
    pub code_language: Option<Text<1, 50>>,
    /// The files, all of them.
    pub files: NewFiles,
    /// The conversation that led to it.
    #[serde(default)]
    pub chat: Option<Json1M>,
    /// The generation session it came out of.
    #[serde(default)]
    pub session_id: Option<Text<1, 200>>,
    /// Credits it used, as far as known.
    #[serde(default)]
    pub credits_used_estimate: Option<Credits>,
    /// Figures about it.
    #[serde(default)]
    pub stats: Object,
}

/// What is said of a version inside its artifact.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VersionSummary {
    /// Identifier.
    pub id: Uuid,
    /// 1 for the first, and so on without a gap.
    pub version_index: i32,
    /// What changed.
    pub summary: Option<String>,
    /// Its name.
    pub label: Option<String>,
    /// What it is mainly written in.
    pub code_language: Option<String>,
    /// How many files it has.
    pub files_count: i32,
    /// Bytes of all its files.
    pub size: i64,
    /// When it was published.
    pub created_at: Timestamp,
}

from_json_column!(VersionSummary);

/// A file of a version.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct File {
    /// Where in the artifact.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: Sha256,
    /// Bytes.
    pub size: i64,
    /// What it is written in.
    pub language: Option<String>,
    /// Its media type.
    pub content_type: String,
    /// Its text; null where it lies in the bucket, or where all text together would not fit into one reply: then ask for
    /// the file by itself.
    #[serde(default)]
    pub content: Option<String>,
    /// Where to get it, for an hour at least, if it lies in the bucket.
    #[serde(default)]
    pub url: Option<String>,
}

impl Resource for File {}

/// A version.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Version {
    /// Identifier.
    pub id: Uuid,
    /// The artifact it is a version of.
    pub artifact_id: Uuid,
    /// 1 for the first, and so on without a gap.
    pub version_index: i32,
    /// The version before.
    pub parent_version_id: Option<Uuid>,
    /// What changed.
    pub summary: Option<String>,
    /// Its name.
    pub label: Option<String>,
    /// What it is mainly written in.
    pub code_language: Option<String>,
    /// The generation session it came out of.
    pub session_id: Option<String>,
    /// Credits it used, as far as known.
    pub credits_used_estimate: Option<f64>,
    /// Figures about it.
    #[schemars(with = "Object")]
    pub stats: Value,
    /// Title, visibility and source of the artifact as they were.
    #[schemars(with = "Object")]
    pub version_metadata: Value,
    /// How many files it has.
    pub files_count: i32,
    /// Bytes of all its files.
    pub size: i64,
    /// Lines added against the version before.
    pub additions: i32,
    /// Lines removed against the version before.
    pub deletions: i32,
    /// When it was published.
    pub created_at: Timestamp,
    /// Its files by path; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<File>>,
    /// The conversation that led to it, for those who may see it; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Json1M>")]
    pub chat: Option<Value>,
    /// Number of changes of the artifact: publishing is what two writers could lose each other's work over.
    #[serde(skip)]
    #[schemars(skip)]
    pub artifact_revision: i64,
}

impl crate::FromRow for Version {
    fn from_row(row: &crate::database::Row) -> Result<Self, crate::database::RowError> {
        Ok(Self {
            id: row.try_get("id")?,
            artifact_id: row.try_get("artifact_id")?,
            version_index: row.try_get("version_index")?,
            parent_version_id: row.try_get("parent_version_id")?,
            summary: row.try_get("summary")?,
            label: row.try_get("label")?,
            code_language: row.try_get("code_language")?,
            session_id: row.try_get("session_id")?,
            credits_used_estimate: row.try_get("credits_used_estimate")?,
            stats: row.try_get("stats")?,
            version_metadata: row.try_get("version_metadata")?,
            files_count: row.try_get("files_count")?,
            size: row.try_get("size")?,
            additions: row.try_get("additions")?,
            deletions: row.try_get("deletions")?,
            created_at: row.try_get("created_at")?,
            files: None,
            chat: row.try_get("chat")?,
            artifact_revision: row.try_get("artifact_revision")?,
        })
    }
}

impl Resource for Version {
    fn revision(&self) -> Option<i64> {
        Some(self.artifact_revision)
    }

    fn location(&self) -> Option<String> {
        Some(format!("/v1/artifacts/{}/versions/{}", self.artifact_id, self.version_index))
    }
}

impl Keyset for Version {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

/// The columns of [`Version`] but for the chat, to follow `select`.
pub const VERSION: &str = "
    versions.id, versions.artifact_id, versions.version_index, versions.parent_version_id, versions.summary,
    versions.label, versions.code_language, versions.session_id,
    versions.credits_used_estimate::float8 as credits_used_estimate, versions.stats, versions.version_metadata,
    versions.files_count, versions.size, versions.additions, versions.deletions, versions.created_at,
    artifacts.revision as artifact_revision
";

/// One version of an artifact that the caller may see, with its chat if they may see that.
#[must_use]
pub fn select_version(artifact_id: Uuid, version_index: i32) -> Sql {
    sql(format!(
        "select {VERSION}, chats.chat
         from artifact_versions versions
         join artifacts on artifacts.id = versions.artifact_id and {}
         left join artifact_version_chats chats on chats.version_id = versions.id
         where versions.artifact_id = $1 and versions.version_index = $2",
        super::artifacts::VISIBLE
    ))
    .bind(artifact_id)
    .bind(version_index)
}

/// A file as stored.
#[derive(Debug)]
pub struct FileRow {
    /// Where in the artifact.
    pub path: String,
    /// What it is written in.
    pub language: Option<String>,
    /// Of the bytes before encoding.
    pub sha256: Sha256,
    /// Bytes, before encoding.
    pub size: i64,
    /// Media type.
    pub content_type: String,
    /// The encoded bytes, if they are in the database.
    pub content: Option<Vec<u8>>,
    /// How.
    pub encoding: String,
    /// Where in the bucket, if there.
    pub storage_key: Option<String>,
}

from_row!(FileRow { path, language, sha256, size, content_type, content, encoding, storage_key });

/// The columns of [`FileRow`] for a version of an artifact (`$1`, `$2`), to follow `select`.
pub const FILE: &str = "
    files.path, files.language, blobs.sha256, blobs.size, blobs.content_type, blobs.content, blobs.encoding,
    blobs.storage_key
from artifact_files files
join blobs on blobs.id = files.blob_id
where files.artifact_id = $1
  and files.first_index <= $2
  and (files.last_index is null or files.last_index >= $2)
";

/// All files of a version, by path. Where text weighs more than one reply holds, it stays behind.
#[must_use]
pub fn select_files(artifact_id: Uuid, version_index: i32) -> Sql {
    sql(format!(
        "with files as (select {FILE})
         select path, language, sha256, size, content_type, encoding, storage_key,
             case when sum(size) filter (where content is not null) over () <= {INLINE_LIMIT} then content end as content
         from files
         order by path"
    ))
    .bind(artifact_id)
    .bind(version_index)
}

impl FileRow {
    /// The bytes, if they are here: decoded, and what their name says.
    pub fn bytes(&self) -> Result<Option<Vec<u8>>, Problem> {
        let decoded = |content: &Vec<u8>| decode(content, &self.encoding, self.size, &self.sha256);
        self.content.as_ref().map(decoded).transpose()
    }

    /// As the client sees it.
    pub fn into_file(self, bucket: &crate::bucket::Bucket) -> Result<File, Problem> {
        let content = self.bytes()?.map(String::from_utf8).transpose().map_err(Problem::internal)?;
        let mut blob = Blob {
            sha256: self.sha256,
            size: self.size,
            content_type: self.content_type,
            url: None,
            storage_key: self.storage_key,
        };
        blob.sign(bucket)?;
        Ok(File {
            path: self.path,
            sha256: blob.sha256,
            size: blob.size,
            language: self.language,
            content_type: blob.content_type,
            content,
            url: blob.url,
        })
    }
}

/// The files of a new version, ready to store: text hashed and compressed.
#[derive(Debug, Default)]
pub struct Manifest {
    paths: Vec<String>,
    languages: Vec<Option<String>>,
    hashes: Vec<Vec<u8>>,
    sizes: Vec<i64>,
    contents: Vec<Option<Vec<u8>>>,
}

impl Manifest {
    /// Hashes and compresses.
    pub fn new(files: &NewFiles) -> Result<Self, Problem> {
        let mut manifest = Self::default();
        for file in &files.0 {
            let text = file.content.as_deref();
            let sha256 = text.map(|text| Sha256::of(text.as_bytes())).or(file.sha256).ok_or_else(Problem::not_found)?;
            manifest.paths.push(file.path.as_str().to_owned());
            manifest.languages.push(file.language.clone().map(Text::into_string));
            manifest.hashes.push(sha256.0.to_vec());
            manifest.sizes.push(text.map_or(0, |text| i64::try_from(text.len()).unwrap_or(i64::MAX)));
            manifest.contents.push(text.map(compress).transpose()?);
        }
        Ok(manifest)
    }

    /// Binds the paths and the hashes, two arrays in step.
    #[must_use]
    pub fn bind_paths(&self, statement: Sql) -> Sql {
        statement.bind(self.paths.clone()).bind(self.hashes.clone())
    }

    /// Stores the text that the caller does not have yet, neither as their own nor in this artifact.
    #[must_use]
    pub fn insert_blobs(&self, artifact_id: Uuid) -> Sql {
        sql("
            insert into blobs (user_id, sha256, size, content_type, content, encoding)
            select auth.uid(), new.sha256, new.size, 'text/plain; charset=utf-8', new.content, 'zstd'
            from unnest($2::bytea[], $3::bigint[], $4::bytea[]) as new (sha256, size, content)
            where new.content is not null
              and not exists (
                  select from artifact_files
                  join blobs on blobs.id = artifact_files.blob_id
                  where artifact_files.artifact_id = $1 and artifact_files.last_index is null and blobs.sha256 = new.sha256
              )
            order by new.sha256
            on conflict (user_id, sha256) do nothing
        ")
        .bind(artifact_id)
        .bind(self.hashes.clone())
        .bind(self.sizes.clone())
        .bind(self.contents.clone())
    }

    /// Ends the spans of what the artifact's newest version has no longer.
    #[must_use]
    pub fn close_files(&self, artifact_id: Uuid) -> Sql {
        sql("
            update artifact_files set last_index = artifacts.versions_count - 1
            from artifacts, blobs
            where artifacts.id = $1
              and artifact_files.artifact_id = $1
              and artifact_files.last_index is null
              and blobs.id = artifact_files.blob_id
              and not exists (
                  select from unnest($2::text[], $3::bytea[], $4::text[]) as new (path, sha256, language)
                  where new.path = artifact_files.path
                    and new.sha256 = blobs.sha256
                    and new.language is not distinct from artifact_files.language
              )
        ")
        .bind(artifact_id)
        .bind(self.paths.clone())
        .bind(self.hashes.clone())
        .bind(self.languages.clone())
    }

    /// Begins the spans of what is new, and refuses bytes that are neither the caller's nor in this artifact.
    #[must_use]
    pub fn open_files(&self, artifact_id: Uuid, pointer: &'static str) -> Sql {
        sql("
            insert into artifact_files (artifact_id, path, first_index, blob_id, language)
            select artifacts.id, new.path, artifacts.versions_count, found.id, new.language
            from artifacts
            cross join unnest($2::text[], $3::bytea[], $4::text[]) with ordinality as new (path, sha256, language, position)
            left join lateral (
                select blobs.id
                from blobs
                where blobs.sha256 = new.sha256
                  and (blobs.user_id = auth.uid()
                       or blobs.id in (select blob_id from artifact_files where artifact_files.artifact_id = $1))
                limit 1
            ) found on true
            where artifacts.id = $1
              and not exists (
                  select from artifact_files
                  where artifact_files.artifact_id = $1
                    and artifact_files.path = new.path
                    and artifact_files.last_index is null
              )
              and (found.id is not null
                   or refuse('invalid_reference', $5 || '/files/' || (new.position - 1) || '/sha256'))
        ")
        .bind(artifact_id)
        .bind(self.paths.clone())
        .bind(self.hashes.clone())
        .bind(self.languages.clone())
        .bind(pointer)
    }
}

impl NewVersion {
    /// Records the version that the artifact's row, by now, says is the newest.
    #[must_use]
    pub fn insert(self, artifact_id: Uuid, version_id: Uuid, additions: i32, deletions: i32) -> [Sql; 2] {
        let insert = sql("
            insert into artifact_versions (
                id, artifact_id, version_index, parent_version_id, summary, label, code_language, session_id,
                credits_used_estimate, stats, version_metadata, files_count, size, additions, deletions
            )
            select
                $2, artifacts.id, artifacts.versions_count,
                (select versions.id from artifact_versions versions
                 where versions.artifact_id = $1 and versions.version_index = artifacts.versions_count - 1),
                $3, $4, $5, $6, $7::float8::numeric, $8,
                jsonb_build_object(
                    'title', artifacts.title, 'visibility', artifacts.visibility, 'type', artifacts.type,
                    'tool_name', artifacts.tool_name, 'source_session_id', artifacts.source_session_id,
                    'forked_from_id', artifacts.forked_from_id
                ),
                files.count, files.size, $9, $10
            from artifacts
            cross join (
                select count(*)::integer as count, coalesce(sum(blobs.size), 0)::bigint as size
                from artifact_files
                join blobs on blobs.id = artifact_files.blob_id
                where artifact_files.artifact_id = $1 and artifact_files.last_index is null
            ) files
            where artifacts.id = $1 and artifacts.owner_user_id = auth.uid() and artifacts.current_version_id = $2
        ")
        .bind(artifact_id)
        .bind(version_id)
        .bind(self.summary.map(Text::into_string))
        .bind(self.label.map(Text::into_string))
        .bind(self.code_language.map(Text::into_string))
        .bind(self.session_id.map(Text::into_string))
        .bind(self.credits_used_estimate.map(|credits| credits.0))
        .bind(self.stats.into_value())
        .bind(additions)
        .bind(deletions);
        let insert_chat = sql("
            insert into artifact_version_chats (version_id, artifact_id, chat)
            select versions.id, versions.artifact_id, $2
            from artifact_versions versions
            where versions.id = $1 and $2::jsonb is not null
        ")
        .bind(version_id)
        .bind(self.chat.map(Json1M::into_value));
        [insert, insert_chat]
    }
}

/// Lines of a text, as its additions are counted.
#[must_use]
pub fn count_lines(text: &str) -> i32 {
    i32::try_from(text.lines().count()).unwrap_or(i32::MAX)
}

/// Lines that differ between the files of two versions: added, removed. Binary files have no lines.
#[must_use]
pub fn count_changes(old: &[(&str, &str)], new: &[(&str, &str)]) -> (i32, i32) {
    let old: BTreeMap<&str, &str> = old.iter().copied().collect();
    let new: BTreeMap<&str, &str> = new.iter().copied().collect();
    let paths: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let (mut additions, mut deletions) = (0, 0);
    for path in paths {
        let text = |files: &BTreeMap<&str, &'_ str>| files.get(path).copied().unwrap_or_default().to_owned();
        let (before, after) = (text(&old), text(&new));
        for change in similar::TextDiff::from_lines(&before, &after).ops() {
            let (tag, old_range, new_range) = change.as_tag_tuple();
            if tag != similar::DiffTag::Equal {
                deletions += i32::try_from(old_range.len()).unwrap_or(i32::MAX);
                additions += i32::try_from(new_range.len()).unwrap_or(i32::MAX);
            }
        }
    }
    (additions, deletions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_by_path() {
        let old = [("a", "1\n2\n3\n"), ("gone", "x\ny\n"), ("same", "s\n")];
        let new = [("a", "1\nzwei\n3\n"), ("new", "n\n"), ("same", "s\n")];
        assert_eq!(count_changes(&old, &new), (2, 3));
        assert_eq!(count_changes(&[], &[("a", "no newline")]), (1, 0));
    }
}
