//! Versions of artifacts: manifests of paths and blobs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de};
use serde_json::Value;
use uuid::Uuid;

use super::{
    artifacts::Credits,
    blobs::Blob,
    texts::{NewText, StoredText},
};
use crate::{
    FromRow, Problem, Resource, Sql,
    bucket::Bucket,
    context::{read_all, read_one},
    database::{Row, RowError},
    diff, from_json_column, from_row,
    page::{Cursor, Keyset},
    reply::{REPLY_LIMIT, size_sent},
    sql,
    text::{FilePath, Json1M, Object, Sha256, Text},
};

/// Bytes of text that one version may bring along in a request, and that one reply shows.
const INLINE_LIMIT: usize = 4 * 1024 * 1024;

/// Bytes of a version with its texts as Lambda sends it: what remains of a reply is for what stands around it.
const SHOWN_LIMIT: usize = REPLY_LIMIT - 512 * 1024;

/// Bytes of the older texts that a new version is compared with, and stored as patches of.
const COMPARED_LIMIT: usize = 2 * INLINE_LIMIT;

/// Bytes of one file of text; larger ones go through an upload.
pub const FILE_LIMIT: usize = 1024 * 1024;

/// Files of a version.
pub const FILES_LIMIT: usize = 500;

/// Characters of a file that search looks through.
const SEARCHED: usize = 32_768;

/// Characters of all files of a version that search looks through, as `artifact_words()` counts them.
const SEARCHED_TOGETHER: usize = 65_536;

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

/// The files of a new version, all of them: 1 to 500, each with its own path, which is no folder of another one's.
#[derive(Debug, Default, JsonSchema)]
pub struct NewFiles(#[schemars(length(min = 1, max = 500))] pub Vec<NewFile>);

impl<'de> Deserialize<'de> for NewFiles {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let files = Vec::<NewFile>::deserialize(deserializer)?;
        if files.is_empty() || files.len() > FILES_LIMIT {
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
        // No disk could hold both.
        let both = paths.iter().flat_map(|path| FilePath::folders(path)).find(|folder| paths.contains(folder));
        if let Some(folder) = both {
            return Err(de::Error::custom(format_args!("has {folder:?} both as a file and as a folder")));
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

/// A version as its artifact's later ones list it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CodeVersion {
    /// 1 for the first, and so on without a gap.
    pub version_index: i32,
    /// What it is mainly written in.
    pub code_language: Option<String>,
    /// Where its main file is; null without files.
    pub code_blob_ref: Option<String>,
}

from_row!(CodeVersion { version_index, code_language, code_blob_ref });

/// A file of a version as an audit wants it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CodeReference {
    /// Where in the artifact.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: Sha256,
    /// Bytes.
    pub size: i64,
    /// What it is written in.
    pub language: Option<String>,
}

impl From<&File> for CodeReference {
    fn from(file: &File) -> Self {
        let File { path, sha256, size, language, .. } = file;
        Self { path: path.clone(), sha256: *sha256, size: *size, language: language.clone() }
    }
}

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
    /// Lines added against the version before. Of that one, text after the first 8 MiB that changed is not looked at; and where
    /// more than 100,000 lines would have to be compared, what lies between the first that differs and the last counts.
    pub additions: i32,
    /// Lines removed against the version before.
    pub deletions: i32,
    /// When it was published.
    pub created_at: Timestamp,
    /// Where its main file is: `db:<id of the version>` for text that comes with the version, `blob:<SHA-256>` for what lies in
    /// the bucket; null without files, absent in lists. The main file is the first by path in the version's
    /// `code_language`, or else the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub code_blob_ref: Option<Option<String>>,
    /// The main file's text, as `content` has it; with `include=code_content`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub code_content: Option<Option<String>>,
    /// The versions up to this one that the caller may see, oldest first, the last 100 of them; with
    /// `include=code_versions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_versions: Option<Vec<CodeVersion>>,
    /// Paths, hashes and sizes of all files, without their text; with `include=code_references`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_references: Option<Vec<CodeReference>>,
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

impl FromRow for Version {
    fn from_row(row: &Row) -> Result<Self, RowError> {
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
            code_blob_ref: None,
            code_content: None,
            code_versions: None,
            code_references: None,
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

/// Reads what [`select_version`] and [`select_files`] found.
pub fn read_version(version: &[Row], files: &[Row], bucket: &Bucket) -> Result<Version, Problem> {
    let mut version: Version = read_one(version)?;
    let files = read_all::<FileRow>(files)?.into_iter().map(|file| file.into_file(bucket));
    let files = files.collect::<Result<Vec<File>, _>>()?;
    version.code_blob_ref =
        Some(main_file(&files, version.code_language.as_deref()).map(|file| {
            if file.url.is_none() { format!("db:{}", version.id) } else { format!("blob:{}", file.sha256) }
        }));
    version.files = Some(files);
    version.fit();
    Ok(version)
}

impl Version {
    /// Leaves out all texts where they are too large for one reply.
    pub fn fit(&mut self) {
        if size_sent(self) > SHOWN_LIMIT {
            self.code_content = self.code_content.as_ref().map(|_| None);
            for file in self.files.iter_mut().flatten() {
                file.content = None;
            }
        }
    }
}

/// The first file in a language, or else the first.
#[must_use]
pub fn main_file<'a>(files: &'a [File], code_language: Option<&str>) -> Option<&'a File> {
    files.iter().find(|file| file.language.as_deref() == code_language).or(files.first())
}

impl Keyset for Version {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

/// The columns of [`Version`] but for the chat, to follow `select`. What it took and where it came from is its owner's to know,
/// as with the artifact.
pub const VERSION: &str = r#"
    versions.id, versions.artifact_id, versions.version_index, versions.parent_version_id, versions.summary,
    versions.label, versions.code_language,
    case when artifacts.owner_user_id = auth.uid() then versions.session_id end as session_id,
    case when artifacts.owner_user_id = auth.uid() then versions.credits_used_estimate::float8 end as credits_used_estimate,
    versions.stats,
    case
        when artifacts.owner_user_id = auth.uid() then versions.version_metadata
        else versions.version_metadata || '{"source_session_id": null, "forked_from_id": null}'
    end as version_metadata,
    versions.files_count, versions.size, versions.additions, versions.deletions, versions.created_at,
    artifacts.revision as artifact_revision
"#;

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

/// The versions of an artifact up to one that the caller may see, as [`CodeVersion`]s.
#[must_use]
pub fn select_code_versions(artifact_id: Uuid, version_index: i32) -> Sql {
    sql("
        select
            versions.version_index, versions.code_language,
            case
                when code.is_in_bucket then 'blob:' || encode(code.sha256, 'hex')
                when not code.is_in_bucket then 'db:' || versions.id
            end as code_blob_ref
        from (
            select *
            from artifact_versions
            where artifact_id = $1 and version_index <= $2
            order by version_index desc
            limit 100
        ) versions
        left join lateral (
            select blobs.sha256, blobs.storage_key is not null as is_in_bucket
            from artifact_files files
            join blobs on blobs.id = files.blob_id
            where files.artifact_id = $1
              and files.first_index <= versions.version_index
              and (files.last_index is null or files.last_index >= versions.version_index)
            order by files.language is distinct from versions.code_language, files.path
            limit 1
        ) code on true
        order by versions.version_index
    ")
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
    /// Media type.
    pub content_type: String,
    /// Where in the bucket, if there.
    pub storage_key: Option<String>,
    /// Its text, if that was asked for and is in the database.
    pub text: StoredText,
}

impl FromRow for FileRow {
    fn from_row(row: &Row) -> Result<Self, RowError> {
        Ok(Self {
            path: row.try_get("path")?,
            language: row.try_get("language")?,
            content_type: row.try_get("content_type")?,
            storage_key: row.try_get("storage_key")?,
            text: StoredText::from_row(row)?,
        })
    }
}

/// The newest version of an artifact (`$1`) of the caller's, for [`select_file_rows`].
pub const NEWEST: &str = "(select versions_count from artifacts where id = $1 and owner_user_id = auth.uid())";

/// The files of a version, each with its blob: what [`WITH_TEXT`] goes on with. Artifact and index are SQL.
#[must_use]
pub fn select_files_of(artifact_id: &str, version_index: &str, more_columns: &str) -> String {
    format!(
        "select
             files.path, files.language, blobs.content_type, blobs.storage_key, blobs.id as blob_id, blobs.sha256, blobs.size,
             blobs.encoding, blobs.generation, blobs.content, blobs.base_blob_id {more_columns}
         from artifact_files files
         join blobs on blobs.id = files.blob_id
         where files.artifact_id = {artifact_id}
           and files.first_index <= {version_index}
           and (files.last_index is null or files.last_index >= {version_index})"
    )
}

/// The columns of [`FileRow`] from a table `files`, to follow `select`: with the text where its column `has_text` says so.
pub const WITH_TEXT: &str = "
    files.path, files.language, files.content_type, files.storage_key, files.blob_id, files.sha256, files.size,
    files.encoding, files.generation, case when files.has_text then files.content end as content,
    bases.ids as base_ids, bases.generations as base_generations, bases.encodings as base_encodings,
    bases.contents as base_contents
from files
left join text_bases(array(select base_blob_id from files where has_text and base_blob_id is not null)) bases
    on bases.base_blob_id = files.base_blob_id and files.has_text
";

/// The files of a version of an artifact by path, as [`FileRow`]s: those that meet a condition on `files` and `blobs`, with
/// the text of those that meet another.
#[must_use]
pub fn select_file_rows(artifact_id: &str, version_index: &str, condition: &str, with_text: &str) -> String {
    let files = select_files_of(artifact_id, version_index, &format!(", {with_text} as has_text"));
    format!("with files as ({files} and {condition}) select {WITH_TEXT} order by files.path")
}

/// All files of a version, by path. Where text weighs more than one reply holds, it stays behind.
#[must_use]
pub fn select_all_file_rows(artifact_id: &str, version_index: &str) -> String {
    let fits =
        format!("coalesce(sum(blobs.size) filter (where blobs.content is not null) over (), 0) <= {INLINE_LIMIT}");
    select_file_rows(artifact_id, version_index, "true", &fits)
}

/// [`select_all_file_rows`] of this version.
#[must_use]
pub fn select_files(artifact_id: Uuid, version_index: i32) -> Sql {
    sql(select_all_file_rows("$1", "$2")).bind(artifact_id).bind(version_index)
}

/// One file of a version, with its text unless that is more than one reply holds.
#[must_use]
pub fn select_one_file_row(artifact_id: &str, version_index: &str, condition: &str) -> String {
    select_file_rows(artifact_id, version_index, condition, &format!("blobs.size <= {INLINE_LIMIT}"))
}

/// One file of a version.
#[must_use]
pub fn select_file(artifact_id: Uuid, version_index: i32, path: FilePath) -> Sql {
    let exists = format!(
        "files.path = $3
         and exists (select from artifacts where artifacts.id = $1 and {})
         and exists (
             select from artifact_versions
             where artifact_versions.artifact_id = $1 and artifact_versions.version_index = $2
         )",
        super::artifacts::VISIBLE
    );
    sql(select_one_file_row("$1", "$2", &exists)).bind(artifact_id).bind(version_index).bind(path.into_string())
}

/// The files of a version, with the text of those that another one has not the same, as far as they are compared.
#[must_use]
pub fn select_changed(version_index: &str, is_same: &str) -> String {
    let changed = format!("blobs.content is not null and not exists ({is_same})");
    let in_reach = format!("sum(blobs.size) filter (where {changed}) over (order by files.path) <= {COMPARED_LIMIT}");
    select_file_rows("$1", version_index, "true", &format!("{changed} and {in_reach}"))
}

impl FileRow {
    /// As the client sees it.
    pub fn into_file(self, bucket: &Bucket) -> Result<File, Problem> {
        let content = self.text.bytes()?.map(String::from_utf8).transpose().map_err(Problem::internal)?;
        let mut blob = Blob {
            sha256: self.text.sha256,
            size: self.text.size,
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

/// The files of a version whose words are not kept, with their text: those that search would look through.
#[must_use]
pub fn select_unsearched(artifact_id: Uuid, version_index: i32) -> Sql {
    sql(format!(
        "select *
         from ({}) files
         where content is not null
         order by path",
        select_file_rows(
            "$1",
            "$2",
            "not exists (select from blob_words where blob_words.blob_id = blobs.id)",
            &format!("sum(least(blobs.size, {SEARCHED})) over (order by files.path) <= {SEARCHED_TOGETHER}"),
        )
    ))
    .bind(artifact_id)
    .bind(version_index)
}

/// Texts that a newest version did not have before, as far as search looks through them.
#[derive(Debug, Default)]
pub struct Searched {
    paths: Vec<String>,
    texts: Vec<String>,
}

impl Searched {
    /// Adds a file.
    pub fn push(&mut self, path: &str, text: &str) {
        self.paths.push(path.to_owned());
        // PostgreSQL's texts have no place for NUL.
        self.texts.push(text.chars().take(SEARCHED).map(|c| if c == '\0' { ' ' } else { c }).collect());
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Keeps their words, for files that are in the artifact's newest version by now.
    #[must_use]
    pub fn insert_words(&self, artifact_id: Uuid) -> Sql {
        sql("
            insert into blob_words (blob_id, words)
            select files.blob_id, code_words(new.searched)
            from unnest($2::text[], $3::text[]) as new (path, searched)
            join artifact_files files on files.artifact_id = $1 and files.path = new.path and files.last_index is null
            on conflict do nothing
        ")
        .bind(artifact_id)
        .bind(self.paths.clone())
        .bind(self.texts.clone())
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
    searched: Searched,
    base_ids: Vec<Option<Uuid>>,
    generations: Vec<i32>,
}

impl Manifest {
    /// Hashes.
    pub fn new(files: &NewFiles) -> Result<Self, Problem> {
        let mut manifest = Self::default();
        for file in &files.0 {
            let text = file.content.as_deref();
            let sha256 = text.map(|text| Sha256::of(text.as_bytes())).or(file.sha256).ok_or_else(Problem::not_found)?;
            let language = file.language.clone().map(Text::into_string);
            manifest.push_name(file.path.as_str().to_owned(), language, sha256, text);
        }
        Ok(manifest)
    }

    fn push_name(&mut self, path: String, language: Option<String>, sha256: Sha256, text: Option<&str>) {
        self.paths.push(path);
        self.languages.push(language);
        self.hashes.push(sha256.0.to_vec());
        self.sizes.push(text.map_or(0, |text| i64::try_from(text.len()).unwrap_or(i64::MAX)));
    }

    fn push_text(&mut self, path: &str, text: Option<&str>, new: Option<NewText>) {
        if let (Some(text), Some(_)) = (text, &new) {
            self.searched.push(path, text);
        }
        self.base_ids.push(new.as_ref().and_then(|new| new.base_blob_id));
        self.generations.push(new.as_ref().map_or(0, |new| new.generation));
        self.contents.push(new.map(|new| new.content));
    }

    /// Adds a file: its text and what that changes, or else one whose bytes are stored already.
    pub fn push(
        &mut self,
        path: String,
        language: Option<String>,
        sha256: Sha256,
        changed: Option<(&str, &StoredText)>,
    ) -> Result<(), Problem> {
        let new = changed.map(|(text, before)| NewText::after(text.as_bytes(), before)).transpose()?;
        let text = changed.map(|(text, _)| text);
        self.push_text(&path, text, new);
        self.push_name(path, language, sha256, text);
        Ok(())
    }

    /// Compresses the texts that are new at their paths, each against what the newest version has there.
    pub fn compress(&mut self, files: &NewFiles, newest: &[FileRow]) -> Result<(), Problem> {
        let newest: HashMap<&str, &StoredText> = newest.iter().map(|file| (file.path.as_str(), &file.text)).collect();
        for (index, file) in files.0.iter().enumerate() {
            let before = newest.get(file.path.as_str()).copied();
            let text = file.content.as_deref();
            let new = match (text, before) {
                (None, _) => None,
                (_, Some(before)) if before.sha256.0 == self.hashes[index][..] => None,
                (Some(text), Some(before)) => Some(NewText::after(text.as_bytes(), before)?),
                (Some(text), None) => Some(NewText::whole(text.as_bytes())?),
            };
            self.push_text(file.path.as_str(), text, new);
        }
        Ok(())
    }

    /// Binds the paths and the hashes, two arrays in step.
    #[must_use]
    pub fn bind_paths(&self, statement: Sql) -> Sql {
        statement.bind(self.paths.clone()).bind(self.hashes.clone())
    }

    /// Stores the text that the caller does not have yet, neither as their own nor in this artifact, with its words for
    /// search. What there is of it already is locked, so that the sweep does not take it before the version refers to it.
    #[must_use]
    pub fn insert_blobs(&self, artifact_id: Uuid) -> Sql {
        sql("
            insert into blobs (user_id, sha256, size, content_type, content, encoding, base_blob_id, generation)
            select distinct on (new.sha256)
                auth.uid(), new.sha256, new.size, 'text/plain; charset=utf-8', new.content, 'zstd', new.base_blob_id,
                new.generation
            from unnest($2::bytea[], $3::bigint[], $4::bytea[], $5::uuid[], $6::integer[])
                as new (sha256, size, content, base_blob_id, generation)
            where new.content is not null
              and not exists (
                  select from artifact_files
                  join blobs on blobs.id = artifact_files.blob_id
                  where artifact_files.artifact_id = $1 and artifact_files.last_index is null and blobs.sha256 = new.sha256
              )
            order by new.sha256
            on conflict (user_id, sha256) do update set storage_key = blobs.storage_key where false
        ")
        .bind(artifact_id)
        .bind(self.hashes.clone())
        .bind(self.sizes.clone())
        .bind(self.contents.clone())
        .bind(self.base_ids.clone())
        .bind(self.generations.clone())
    }

    /// Keeps what search looks through, once the files are open.
    #[must_use]
    pub fn insert_words(&self, artifact_id: Uuid) -> Sql {
        self.searched.insert_words(artifact_id)
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
            with new as materialized (
                select new.path, new.sha256, new.language, new.position
                from unnest($2::text[], $3::bytea[], $4::text[]) with ordinality as new (path, sha256, language, position)
                where not exists (
                    select from artifact_files
                    where artifact_files.artifact_id = $1
                      and artifact_files.path = new.path
                      and artifact_files.last_index is null
                )
            )
            insert into artifact_files (artifact_id, path, first_index, blob_id, language)
            select artifacts.id, new.path, artifacts.versions_count, found.id, new.language
            from artifacts
            cross join new
            cross join lateral (
                select coalesce(
                    (select blobs.id from blobs where blobs.user_id = auth.uid() and blobs.sha256 = new.sha256),
                    (select blobs.id
                     from artifact_files
                     join blobs on blobs.id = artifact_files.blob_id
                     where artifact_files.artifact_id = $1 and blobs.sha256 = new.sha256
                     limit 1)
                ) as id
            ) found
            where artifacts.id = $1
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

/// What a version says of its artifact as it is.
pub const METADATA: &str = "
    jsonb_build_object(
        'title', artifacts.title, 'visibility', artifacts.visibility, 'type', artifacts.type,
        'tool_name', artifacts.tool_name, 'source_session_id', artifacts.source_session_id,
        'forked_from_id', artifacts.forked_from_id
    )
";

/// How many versions an artifact has.
pub struct VersionsCount {
    /// The index of the newest.
    pub versions_count: i32,
}

from_row!(VersionsCount { versions_count });

/// An artifact of the caller's as [`VersionsCount`], if it is as the caller knew it.
#[must_use]
pub fn select_versions_count(artifact_id: Uuid, if_match: Option<i64>) -> Sql {
    sql("
        select versions_count
        from artifacts
        where id = $1 and owner_user_id = auth.uid() and deleted_at is null and if_match(revision, $2)
    ")
    .bind(artifact_id)
    .bind(if_match)
}

/// Makes a new version the newest, if the artifact is still as the caller knew it. Where it has gone since the first
/// flight, nothing that follows may touch its files.
#[must_use]
pub fn advance(artifact_id: Uuid, version_id: Uuid, version_index: i32, if_match: Option<i64>) -> Sql {
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
    .bind(artifact_id)
    .bind(version_id)
    .bind(version_index)
    .bind(if_match)
}

impl NewVersion {
    /// Records the version that the artifact's row, by now, says is the newest.
    #[must_use]
    pub fn insert(self, artifact_id: Uuid, version_id: Uuid, additions: i32, deletions: i32) -> [Sql; 2] {
        let insert = sql(format!(
            "insert into artifact_versions (
                 id, artifact_id, version_index, parent_version_id, summary, label, code_language, session_id,
                 credits_used_estimate, stats, version_metadata, files_count, size, additions, deletions
             )
             select
                 $2, artifacts.id, artifacts.versions_count,
                 (select versions.id from artifact_versions versions
                  where versions.artifact_id = $1 and versions.version_index = artifacts.versions_count - 1),
                 $3, $4, $5, $6, $7::float8::numeric, $8,
                 {METADATA},
                 files.count, files.size, $9, $10
             from artifacts
             cross join (
                 select count(*)::integer as count, coalesce(sum(blobs.size), 0)::bigint as size
                 from artifact_files
                 join blobs on blobs.id = artifact_files.blob_id
                 where artifact_files.artifact_id = $1 and artifact_files.last_index is null
             ) files
             where artifacts.id = $1 and artifacts.owner_user_id = auth.uid() and artifacts.current_version_id = $2"
        ))
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

/// Paths and texts of files whose text is here.
pub fn read_texts(files: &[FileRow]) -> Result<Vec<(&str, String)>, Problem> {
    let mut texts = Vec::new();
    for file in files {
        if let Some(text) = file.text.bytes()?.and_then(|bytes| String::from_utf8(bytes).ok()) {
            texts.push((file.path.as_str(), text));
        }
    }
    Ok(texts)
}

/// Lines of a text, as its additions are counted.
#[must_use]
pub fn count_lines(text: &str) -> i32 {
    i32::try_from(text.lines().count()).unwrap_or(i32::MAX)
}

/// Lines that are compared when a version is published: where each of them differs, that takes half a second, and several on
/// the small processor of a function.
const COUNTED_LIMIT: usize = 100_000;

/// Lines that differ between the files of two versions: added, removed. Binary files have no lines. Beyond
/// [`COUNTED_LIMIT`] lines all from the first that differs to the last counts as replaced.
#[must_use]
pub fn count_changes<A: AsRef<str>, B: AsRef<str>>(old: &[(&str, A)], new: &[(&str, B)]) -> (i32, i32) {
    let old: BTreeMap<&str, &str> = old.iter().map(|(path, text)| (*path, text.as_ref())).collect();
    let new: BTreeMap<&str, &str> = new.iter().map(|(path, text)| (*path, text.as_ref())).collect();
    let paths: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let (mut additions, mut deletions) = (0, 0);
    let mut counted = 0;
    for path in paths {
        let [old, new] = [&old, &new].map(|files| diff::lines(files.get(path).copied().unwrap_or_default()));
        let (old, new) = diff::trim(&old, &new);
        let size = if old.is_empty() || new.is_empty() { 0 } else { old.len() + new.len() };
        let edits = if counted + size <= COUNTED_LIMIT {
            counted += size;
            diff::edits(old, new)
        } else {
            vec![diff::Edit { old: 0..old.len(), new: 0..new.len() }]
        };
        for edit in edits {
            deletions += i32::try_from(edit.old.len()).unwrap_or(i32::MAX);
            additions += i32::try_from(edit.new.len()).unwrap_or(i32::MAX);
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
        assert_eq!(count_changes::<&str, &str>(&[], &[("a", "no newline")]), (1, 0));
        // However much is new or gone, all else is compared.
        let much = "x\n".repeat(3 * COUNTED_LIMIT);
        assert_eq!(count_changes(&[("b", "1\n2\n3\n")], &[("a", much.as_str()), ("b", "1\n3\n")]), (300_000, 1));
        // What is more than can be compared is replaced from the first line to the last that differs.
        let numbered = |step: usize| (0..COUNTED_LIMIT).map(|line| format!("{}\n", line / step)).collect::<String>();
        let (old, new) = (format!("same\n{}same\n", numbered(1)), format!("same\n{}same\n", numbered(2)));
        let (old, new) = ([("a", old.as_str()), ("b", "1\n2\n")], [("a", new.as_str()), ("b", "1\n")]);
        assert_eq!(count_changes(&old, &new), (99_999, 100_000));
    }
}
