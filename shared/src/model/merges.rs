//! Merges of whole versions, file by file.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    diffs::{Reader, SideRow, by_path},
    versions::{FILE_LIMIT, FILES_LIMIT, FileRow, Manifest, count_changes},
};
use crate::{
    Problem,
    diff::Bytes,
    merge::{ConflictHunk, merge},
    problem,
    text::{FilePath, Sha256},
};

/// Bytes of lines that a report of conflicts shows: as JSON in JSON they can become eight times as many.
const CONFLICTS_LIMIT: usize = 512 * 1024;

/// Why a file cannot be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// Both changed the same lines.
    Changed,
    /// Both added it, with other lines.
    Added,
    /// The fork removed it, the source changed it.
    RemovedByOurs,
    /// The source removed it, the fork changed it.
    RemovedByTheirs,
    /// Both changed its bytes, which are not text.
    Binary,
    /// Both changed what it is written in.
    Language,
    /// One has a folder where the other has this file.
    Folder,
}

/// A file that cannot be merged.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FileConflict {
    /// Where in the artifact.
    pub path: String,
    /// Why.
    pub kind: ConflictKind,
    /// The file in the common ancestor; null where it has none.
    pub base: Option<Bytes>,
    /// The file in the fork; null where it has none.
    pub ours: Option<Bytes>,
    /// The file in the source; null where it has none.
    pub theirs: Option<Bytes>,
    /// The lines at odds; null where it is not about lines, or where they would be too many for one reply.
    pub hunks: Option<Vec<ConflictHunk>>,
}

/// The files of a merged version, ready to store.
#[derive(Debug, Default)]
pub struct Merged {
    /// All of them.
    pub manifest: Manifest,
    /// Those whose bytes are to be taken over from the source.
    pub taken: Vec<String>,
    /// What these are written in.
    pub taken_languages: Vec<Option<String>>,
    /// Lines added to the fork.
    pub additions: i32,
    /// Lines removed from the fork.
    pub deletions: i32,
}

/// A file of base, ours and theirs; what differs on both sides has its text.
type Sides = [Option<FileRow>; 3];

/// What becomes of a file's bytes.
enum Content {
    Ours,
    Theirs,
    Both { before: String, after: String },
}

/// What is at odds.
struct Conflict(ConflictKind, Option<Vec<ConflictHunk>>);

/// Brings together the files of base, ours and theirs, which are sides 0, 1 and 2, or says what is in the way.
pub fn merge_files(rows: Vec<SideRow>) -> Result<Merged, Problem> {
    let mut merged = Merged::default();
    let mut conflicts = BTreeMap::new();
    let files = by_path::<3>(rows);
    let mut kept = BTreeSet::new();
    let mut reader = Reader::default();
    for (path, sides) in &files {
        match content(sides, &mut reader)?.and_then(|content| Ok((content, language(sides)?))) {
            Ok((content, language)) => {
                if merged.push(path, sides, content, language, &mut reader)? {
                    kept.insert(path.as_str());
                }
            }
            Err(conflict) => {
                conflicts.insert(path.as_str(), conflict);
            }
        }
    }
    let folders: BTreeSet<&str> = kept.iter().flat_map(|path| FilePath::folders(path)).collect();
    conflicts.extend(kept.intersection(&folders).map(|path| (*path, Conflict(ConflictKind::Folder, None))));
    if !conflicts.is_empty() {
        return Err(Problem::merge_conflict(report(conflicts, &files)));
    }
    if kept.is_empty() {
        return Err(Problem::new(&problem::CONFLICT, "The merged version would have no files."));
    }
    if kept.len() > FILES_LIMIT {
        let detail = format!("The merged version would have {} files; {FILES_LIMIT} are allowed.", kept.len());
        return Err(Problem::new(&problem::TOO_MUCH, detail));
    }
    Ok(merged)
}

fn hash(file: Option<&FileRow>) -> Option<Sha256> {
    file.map(|file| file.text.sha256)
}

/// A side that did as the base, or as the other one, gives way.
fn content([base, ours, theirs]: &Sides, reader: &mut Reader) -> Result<Result<Content, Conflict>, Problem> {
    let [base_hash, ours_hash, theirs_hash] = [base, ours, theirs].map(|file| hash(file.as_ref()));
    if theirs_hash == base_hash || theirs_hash == ours_hash {
        return Ok(Ok(Content::Ours));
    }
    if ours_hash == base_hash {
        return Ok(Ok(Content::Theirs));
    }
    if ours.is_none() || theirs.is_none() {
        let kind = if ours.is_none() { ConflictKind::RemovedByOurs } else { ConflictKind::RemovedByTheirs };
        return Ok(Err(Conflict(kind, None)));
    }
    let texts = (reader.text(base.as_ref())?, reader.text(ours.as_ref())?, reader.text(theirs.as_ref())?);
    let (Some(base_text), Some(before), Some(theirs)) = texts else {
        return Ok(Err(Conflict(ConflictKind::Binary, None)));
    };
    let kind = if base.is_none() { ConflictKind::Added } else { ConflictKind::Changed };
    Ok(match merge(&base_text, &before, &theirs) {
        Ok(after) => Ok(Content::Both { before, after }),
        Err(hunks) => Err(Conflict(kind, Some(hunks))),
    })
}

fn language([base, ours, theirs]: &Sides) -> Result<Option<String>, Conflict> {
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        return Ok(ours.as_ref().or(theirs.as_ref()).and_then(|file| file.language.clone()));
    };
    let base = base.as_ref().and_then(|file| file.language.as_ref());
    if theirs.language.as_ref() == base || theirs.language == ours.language {
        Ok(ours.language.clone())
    } else if ours.language.as_ref() == base {
        Ok(theirs.language.clone())
    } else {
        Err(Conflict(ConflictKind::Language, None))
    }
}

impl Merged {
    /// Adds a file, unless what becomes of it is that it is gone; and counts its lines.
    fn push(
        &mut self,
        path: &str,
        [_, ours, theirs]: &Sides,
        content: Content,
        language: Option<String>,
        reader: &mut Reader,
    ) -> Result<bool, Problem> {
        match content {
            Content::Ours => {
                let Some(ours) = ours else { return Ok(false) };
                self.manifest.push(path.to_owned(), language, ours.text.sha256, None)?;
            }
            Content::Theirs => {
                if let (Some(before), Some(after)) = (reader.text(ours.as_ref())?, reader.text(theirs.as_ref())?) {
                    self.count(&before, &after);
                }
                let Some(theirs) = theirs else { return Ok(false) };
                self.manifest.push(path.to_owned(), language.clone(), theirs.text.sha256, None)?;
                self.taken.push(path.to_owned());
                self.taken_languages.push(language);
            }
            Content::Both { after, .. } if after.len() > FILE_LIMIT => {
                let detail = format!("{path} would have {} bytes; {FILE_LIMIT} are allowed.", after.len());
                return Err(Problem::new(&problem::TOO_MUCH, detail));
            }
            Content::Both { before, after } => {
                self.count(&before, &after);
                let changed = ours.as_ref().map(|ours| (after.as_str(), &ours.text));
                self.manifest.push(path.to_owned(), language, Sha256::of(after.as_bytes()), changed)?;
            }
        }
        Ok(true)
    }

    fn count(&mut self, before: &str, after: &str) {
        let (additions, deletions) = count_changes(&[("", before)], &[("", after)]);
        self.additions += additions;
        self.deletions += deletions;
    }
}

/// What the caller learns, with as many lines as fit.
fn report(conflicts: BTreeMap<&str, Conflict>, files: &BTreeMap<String, Sides>) -> Vec<FileConflict> {
    let mut bytes = 0;
    conflicts
        .into_iter()
        .map(|(path, Conflict(kind, hunks))| {
            let hunks = hunks.filter(|hunks| {
                let lines = hunks.iter().flat_map(|hunk| [&hunk.base, &hunk.ours, &hunk.theirs]).flatten();
                bytes += lines.map(String::len).sum::<usize>();
                bytes <= CONFLICTS_LIMIT
            });
            let [base, ours, theirs] = files[path].each_ref().map(|file| file.as_ref().map(FileRow::name));
            FileConflict { path: path.to_owned(), kind, base, ours, theirs, hunks }
        })
        .collect()
}
