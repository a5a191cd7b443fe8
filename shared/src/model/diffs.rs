//! Versions side by side.

use std::collections::BTreeMap;

use super::versions::{FileRow, WITH_TEXT, select_files_of};
use crate::{
    FromRow, Problem,
    database::{Row, RowError, column},
    diff::{Bytes, Effort, FileDiff, FileStatus, hunks},
    problem,
    text::Sha256,
};

/// Bytes of text that are compared at once: all sides of all files that differ.
pub const TEXT_LIMIT: usize = 8 * 1024 * 1024;

/// Lines that are compared at once. Where each of them differs, that takes a second.
const LINES_LIMIT: usize = 200_000;

/// A file of one of the versions that are compared.
#[derive(Debug)]
pub struct SideRow {
    /// Which version: its place in the statement.
    pub side: i32,
    /// The file.
    pub file: FileRow,
}

impl FromRow for SideRow {
    fn from_row(row: &Row) -> Result<Self, RowError> {
        Ok(Self { side: column(row, "side")?, file: FileRow::from_row(row)? })
    }
}

/// The files of one of the versions of `ends`, as a table: its artifact and its index are columns of those names.
#[must_use]
pub fn files_of(artifact_id: &str, index: &str) -> String {
    let select = select_files_of(artifact_id, index, "");
    format!("select files.* from ends cross join lateral ({select}) files")
}

/// [`SideRow`]s from a table `sides`, to follow its definition. The condition says of which files the text is needed.
#[must_use]
pub fn select_sides(is_needed: &str) -> String {
    format!(
        "files as (
             select
                 sides.*,
                 case
                     when not ({is_needed}) or content is null then false
                     when sum(size) filter (where ({is_needed}) and content is not null) over () <= {TEXT_LIMIT}
                         or refuse('too_much')
                     then true
                 end as has_text
             from sides
         )
         select files.side, {WITH_TEXT}"
    )
}

/// The files of versions, path by path, each in its version's place.
#[must_use]
pub fn by_path<const N: usize>(rows: Vec<SideRow>) -> BTreeMap<String, [Option<FileRow>; N]> {
    let mut files = BTreeMap::new();
    for row in rows {
        let sides: &mut [Option<FileRow>; N] = files.entry(row.file.path.clone()).or_insert([const { None }; N]);
        if let Some(side) = usize::try_from(row.side).ok().and_then(|side| sides.get_mut(side)) {
            *side = Some(row.file);
        }
    }
    files
}

/// Reads texts, and counts their lines as it does.
#[derive(Default)]
pub struct Reader {
    lines: usize,
}

impl Reader {
    /// The text of a file; empty where there is none, and nothing where it is not text that can be compared.
    pub fn text(&mut self, file: Option<&FileRow>) -> Result<Option<String>, Problem> {
        let Some(file) = file else { return Ok(Some(String::new())) };
        let Some(text) = file.text.bytes()?.and_then(|bytes| String::from_utf8(bytes).ok()) else { return Ok(None) };
        self.lines += text.bytes().filter(|byte| *byte == b'\n').count();
        if self.lines > LINES_LIMIT {
            let detail = format!("The files that differ have more than {LINES_LIMIT} lines together.");
            return Err(Problem::new(&problem::TOO_MUCH, detail));
        }
        // As git has it: who writes NUL does not write text.
        Ok(Some(text).filter(|text| !text.contains('\0')))
    }
}

impl FileRow {
    /// Its bytes' name.
    #[must_use]
    pub fn name(&self) -> Bytes {
        Bytes { sha256: self.text.sha256, size: self.text.size }
    }
}

/// What is not the same in the second version as in the first.
pub fn compare(rows: Vec<SideRow>, context: usize) -> Result<Vec<FileDiff>, Problem> {
    let mut files = by_path::<2>(rows);
    let renamed = take_renamed(&mut files);
    let (mut reader, mut effort) = (Reader::default(), Effort::default());
    let mut diffs = Vec::new();
    for (path, [old, new]) in files {
        let status = match (&old, &new) {
            (None, _) => FileStatus::Added,
            (_, None) => FileStatus::Removed,
            _ => FileStatus::Changed,
        };
        let texts = (reader.text(old.as_ref())?, reader.text(new.as_ref())?);
        let mut diff = FileDiff {
            path,
            old_path: None,
            status,
            old: old.as_ref().map(FileRow::name),
            new: new.as_ref().map(FileRow::name),
            language: new.or(old).and_then(|file| file.language),
            additions: 0,
            deletions: 0,
            hunks: None,
        };
        if let (Some(old), Some(new)) = texts {
            let (hunks, additions, deletions) = hunks(&old, &new, context, &mut effort);
            (diff.additions, diff.deletions, diff.hunks) = (additions, deletions, Some(hunks));
        }
        diffs.push(diff);
    }
    diffs.extend(renamed);
    diffs.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(diffs)
}

/// Takes out what is the same under another path. An empty file is like any other one, which says nothing.
fn take_renamed(files: &mut BTreeMap<String, [Option<FileRow>; 2]>) -> Vec<FileDiff> {
    let mut gone: BTreeMap<Sha256, Vec<String>> = BTreeMap::new();
    for (path, sides) in files.iter().rev() {
        if let [Some(old), None] = sides
            && old.text.size > 0
        {
            gone.entry(old.text.sha256).or_default().push(path.clone());
        }
    }
    let mut renamed = Vec::new();
    for (path, sides) in files.iter() {
        if let [None, Some(new)] = sides
            && let Some(old_path) = gone.get_mut(&new.text.sha256).and_then(Vec::pop)
        {
            renamed.push(FileDiff {
                path: path.clone(),
                old_path: Some(old_path),
                status: FileStatus::Renamed,
                language: new.language.clone(),
                old: Some(new.name()),
                new: Some(new.name()),
                additions: 0,
                deletions: 0,
                hunks: new.text.is_here().then(Vec::new),
            });
        }
    }
    for file in &renamed {
        files.remove(&file.path);
        files.remove(file.old_path.as_ref().expect("a renamed file has one"));
    }
    renamed
}
