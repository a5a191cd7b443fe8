//! Differences between two texts: as lines, as hunks with marks on words, and as the text that `git apply` takes.

mod unified;
mod words;

#[cfg(test)]
pub(crate) mod tests;

use std::{convert::Infallible, hash::Hash, ops::Range};

use schemars::JsonSchema;
use serde::Serialize;
use similar::{
    Algorithm,
    algorithms::{DiffHook, diff_slices},
};

pub use unified::unified;
pub use words::{Effort, words};

use crate::text::Sha256;

/// The last line of a hunk's side whose text ends without a line end, as in a unified diff.
const NO_NEWLINE: &str = "\\ No newline at end of file";

/// A change: items of the old sequence, and those of the new one that take their place. One of them may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Where in the old sequence.
    pub old: Range<usize>,
    /// Where in the new one.
    pub new: Range<usize>,
}

/// Lines with their line ends. A carriage return ends none, as for git.
#[must_use]
pub fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// What is left of two sequences without the items that both begin with, and those that both end with.
#[must_use]
pub fn trim<'a, T: Eq>(mut old: &'a [T], mut new: &'a [T]) -> (&'a [T], &'a [T]) {
    while let ([one, old_rest @ ..], [other, new_rest @ ..]) = (old, new)
        && one == other
    {
        (old, new) = (old_rest, new_rest);
    }
    while let ([old_rest @ .., one], [new_rest @ .., other]) = (old, new)
        && one == other
    {
        (old, new) = (old_rest, new_rest);
    }
    (old, new)
}

/// What leads from one sequence to another, in order. Between two edits at least one item is the same.
///
/// Myers' algorithm with git's bounds on its effort, so that its time is about linear: the script is short, not always
/// the shortest. Where a change could stand in several places it stands where git would put it; merges agree with git's
/// only because of that.
#[must_use]
pub fn edits<T: Eq + Hash>(old: &[T], new: &[T]) -> Vec<Edit> {
    let mut changed = Changed { old: vec![false; old.len()], new: vec![false; new.len()] };
    let Ok(()) = diff_slices(Algorithm::Myers, &mut changed, old, new);
    settle(&mut changed.old, old, &changed.new);
    settle(&mut changed.new, new, &changed.old);
    changed.edits()
}

/// Which items of either sequence are not in the other.
struct Changed {
    old: Vec<bool>,
    new: Vec<bool>,
}

impl DiffHook for Changed {
    type Error = Infallible;

    fn delete(&mut self, old_index: usize, old_len: usize, _: usize) -> Result<(), Infallible> {
        self.old[old_index..old_index + old_len].fill(true);
        Ok(())
    }

    fn insert(&mut self, _: usize, new_index: usize, new_len: usize) -> Result<(), Infallible> {
        self.new[new_index..new_index + new_len].fill(true);
        Ok(())
    }
}

impl Changed {
    fn edits(&self) -> Vec<Edit> {
        let mut edits = Vec::new();
        let (mut old, mut new) = (Group::first(&self.old), Group::first(&self.new));
        loop {
            if !old.is_empty() || !new.is_empty() {
                edits.push(Edit { old: old.start..old.end, new: new.start..new.end });
            }
            if !old.next(&self.old) || !new.next(&self.new) {
                return edits;
            }
        }
    }
}

/// A run of changed items, perhaps empty, before an item that is not changed, or before the end. Both sequences have
/// equally many of them.
struct Group {
    start: usize,
    end: usize,
}

impl Group {
    fn first(changed: &[bool]) -> Self {
        let mut group = Self { start: 0, end: 0 };
        group.grow_down(changed);
        group
    }

    fn is_empty(&self) -> bool {
        self.start == self.end
    }

    fn grow_down(&mut self, changed: &[bool]) {
        self.end += changed[self.end..].iter().take_while(|changed| **changed).count();
    }

    fn grow_up(&mut self, changed: &[bool]) {
        self.start -= changed[..self.start].iter().rev().take_while(|changed| **changed).count();
    }

    fn next(&mut self, changed: &[bool]) -> bool {
        if self.end == changed.len() {
            return false;
        }
        self.start = self.end + 1;
        self.end = self.start;
        self.grow_down(changed);
        true
    }

    fn previous(&mut self, changed: &[bool]) {
        self.end = self.start - 1;
        self.start = self.end;
        self.grow_up(changed);
    }

    /// Moves by one item towards the start where that says the same, and joins the group before where it meets it.
    fn slide_up<T: Eq>(&mut self, changed: &mut [bool], items: &[T]) -> bool {
        if self.start == 0 || items[self.start - 1] != items[self.end - 1] {
            return false;
        }
        self.start -= 1;
        self.end -= 1;
        changed[self.start] = true;
        changed[self.end] = false;
        self.grow_up(changed);
        true
    }

    /// Moves by one item towards the end where that says the same, and joins the group after where it meets it.
    fn slide_down<T: Eq>(&mut self, changed: &mut [bool], items: &[T]) -> bool {
        if self.end == items.len() || items[self.start] != items[self.end] {
            return false;
        }
        changed[self.start] = false;
        changed[self.end] = true;
        self.start += 1;
        self.end += 1;
        self.grow_down(changed);
        true
    }
}

/// Moves each group of changed items to where git puts it (`xdl_change_compact`): joined with others where it can be,
/// beside a change of the other sequence if there is one it can reach, else as far down as possible.
fn settle<T: Eq>(changed: &mut [bool], items: &[T], other_changed: &[bool]) {
    let (mut group, mut other) = (Group::first(changed), Group::first(other_changed));
    loop {
        if !group.is_empty() {
            let (mut top, mut meets_other);
            loop {
                let size = group.end - group.start;
                while group.slide_up(changed, items) {
                    other.previous(other_changed);
                }
                top = group.end;
                meets_other = !other.is_empty();
                while group.slide_down(changed, items) {
                    other.next(other_changed);
                    meets_other |= !other.is_empty();
                }
                if size == group.end - group.start {
                    break;
                }
            }
            while group.end != top && meets_other && other.is_empty() {
                group.slide_up(changed, items);
                other.previous(other_changed);
            }
        }
        if !group.next(changed) {
            return;
        }
        other.next(other_changed);
    }
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileStatus {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its bytes are others.
    Changed,
    /// The same bytes are under another path, and under this one no longer.
    Renamed,
}

/// Bytes, by their name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Bytes {
    /// SHA-256 of the bytes, in hex.
    pub sha256: Sha256,
    /// Bytes.
    pub size: i64,
}

/// A file that is not the same on both sides.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FileDiff {
    /// Where in the artifact; of a file that is gone, where it was.
    pub path: String,
    /// Where a renamed file was; else null.
    pub old_path: Option<String>,
    /// What happened to it.
    pub status: FileStatus,
    /// What it is written in.
    pub language: Option<String>,
    /// The bytes before; null for a new file.
    pub old: Option<Bytes>,
    /// The bytes after; null for a file that is gone.
    pub new: Option<Bytes>,
    /// Lines added.
    pub additions: usize,
    /// Lines removed.
    pub deletions: usize,
    /// Where lines changed; null where one side is not text, or lies in the bucket: then there is only `old` and `new`.
    pub hunks: Option<Vec<Hunk>>,
}

/// Lines that changed, and those around them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Hunk {
    /// The first line in the old text, from 1; where there is none, the line before it.
    pub old_start: usize,
    /// Lines of the old text.
    pub old_lines: usize,
    /// The first line in the new text, from 1; where there is none, the line before it.
    pub new_start: usize,
    /// Lines of the new text.
    pub new_lines: usize,
    /// As in a unified diff: each line begins with a space, `-` or `+`. `\ No newline at end of file` follows a line
    /// without a line end.
    pub lines: Vec<String>,
    /// What changed inside of lines that took the place of others.
    pub words: Vec<Words>,
}

/// What changed inside of one line.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Words {
    /// The removed line: its place in `lines`, from 0.
    pub old: usize,
    /// The added line: its place in `lines`, from 0.
    pub new: usize,
    /// The line in pieces, marked like lines: those with a space and `-` make up the removed one, those with a space and
    /// `+` the added one.
    pub segments: Vec<String>,
}

/// The changes from one text to another, with this many equal lines around each, and the lines added and removed.
#[must_use]
pub fn hunks(old: &str, new: &str, context: usize, effort: &mut Effort) -> (Vec<Hunk>, usize, usize) {
    let (old, new) = (lines(old), lines(new));
    let edits = edits(&old, &new);
    let additions = edits.iter().map(|edit| edit.new.len()).sum();
    let deletions = edits.iter().map(|edit| edit.old.len()).sum();
    let hunks = edits
        .chunk_by(|one, next| next.old.start - one.old.end <= 2 * context)
        .map(|edits| hunk(&old, &new, edits, context, effort))
        .collect();
    (hunks, additions, deletions)
}

fn hunk(old: &[&str], new: &[&str], edits: &[Edit], context: usize, effort: &mut Effort) -> Hunk {
    let (first, last) = (&edits[0], &edits[edits.len() - 1]);
    let before = context.min(first.old.start);
    let after = context.min(old.len() - last.old.end);
    let old_range = first.old.start - before..last.old.end + after;
    let new_range = first.new.start - before..last.new.end + after;
    let start = |range: &Range<usize>| if range.is_empty() { range.start } else { range.start + 1 };
    let mut hunk = Hunk {
        old_start: start(&old_range),
        old_lines: old_range.len(),
        new_start: start(&new_range),
        new_lines: new_range.len(),
        lines: Vec::new(),
        words: Vec::new(),
    };
    let mut position = old_range.start;
    for edit in edits {
        hunk.push_all(' ', &old[position..edit.old.start]);
        let removed = hunk.push_all('-', &old[edit.old.clone()]);
        let added = hunk.push_all('+', &new[edit.new.clone()]);
        for (from, to) in edit.old.clone().zip(edit.new.clone()) {
            if let Some(segments) = words(content(old[from]), content(new[to]), effort) {
                let (old, new) = (removed + from - edit.old.start, added + to - edit.new.start);
                hunk.words.push(Words { old, new, segments });
            }
        }
        position = edit.old.end;
    }
    hunk.push_all(' ', &old[position..old_range.end]);
    hunk
}

impl Hunk {
    /// Gives the place of the first of these lines.
    fn push_all(&mut self, mark: char, lines: &[&str]) -> usize {
        let place = self.lines.len();
        for line in lines {
            self.lines.push(format!("{mark}{}", content(line)));
            if !line.ends_with('\n') {
                self.lines.push(NO_NEWLINE.to_owned());
            }
        }
        place
    }
}

/// A line without its line end.
fn content(line: &str) -> &str {
    line.strip_suffix('\n').unwrap_or(line)
}
