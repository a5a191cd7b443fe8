//! Three-way merges of texts, line by line, as `git merge-file` does them.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;

use crate::diff::{Edit, edits, lines};

/// Lines that both sides changed, each in its own way. Lines keep their line ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ConflictHunk {
    /// The first of `base` in the common ancestor, from 1; where it is empty, the line after it.
    pub base_start: usize,
    /// The first of `ours`.
    pub ours_start: usize,
    /// The first of `theirs`.
    pub theirs_start: usize,
    /// As the common ancestor has it.
    pub base: Vec<String>,
    /// As the fork has it.
    pub ours: Vec<String>,
    /// As the source has it.
    pub theirs: Vec<String>,
}

/// One side of a merge: its lines, and how they came from the base.
struct Side<'a> {
    lines: Vec<&'a str>,
    edits: Vec<Edit>,
    /// Edits that are done.
    done: usize,
    /// Where in `lines`.
    position: usize,
}

impl<'a> Side<'a> {
    fn new(base: &[&str], text: &'a str) -> Self {
        let lines = lines(text);
        Self { edits: edits(base, &lines), lines, done: 0, position: 0 }
    }

    fn next(&self) -> Option<&Edit> {
        self.edits.get(self.done)
    }

    /// What stands here for these lines of the base, of which all edits in it are done.
    fn take(&mut self, base: &Range<usize>, edits_done_before: usize) -> Range<usize> {
        let edits = &self.edits[edits_done_before..self.done];
        let length: usize = base.len() + edits.iter().map(|edit| edit.new.len()).sum::<usize>()
            - edits.iter().map(|edit| edit.old.len()).sum::<usize>();
        let range = self.position..self.position + length;
        self.position = range.end;
        range
    }
}

/// Brings both sides' changes together, or says where they are at odds: where both change the same lines, or lines with
/// none in between, unless they make the same of them.
pub fn merge(base: &str, ours: &str, theirs: &str) -> Result<String, Vec<ConflictHunk>> {
    let base = lines(base);
    let (mut ours, mut theirs) = (Side::new(&base, ours), Side::new(&base, theirs));
    let mut merged = String::new();
    let mut conflicts = Vec::new();
    let mut position = 0;
    while let Some(start) = [ours.next(), theirs.next()].into_iter().flatten().map(|edit| edit.old.start).min() {
        let unchanged = position..start;
        merged.extend(base[unchanged.clone()].iter().copied());
        ours.position += unchanged.len();
        theirs.position += unchanged.len();

        let (ours_done, theirs_done) = (ours.done, theirs.done);
        let mut end = start;
        while let Some(side) =
            [&mut ours, &mut theirs].into_iter().find(|side| side.next().is_some_and(|edit| edit.old.start <= end))
        {
            end = end.max(side.edits[side.done].old.end);
            side.done += 1;
        }
        position = end;

        let changed = start..end;
        let is_ours = ours.done > ours_done;
        let is_theirs = theirs.done > theirs_done;
        let ours_range = ours.take(&changed, ours_done);
        let theirs_range = theirs.take(&changed, theirs_done);
        let (ours_lines, theirs_lines) = (&ours.lines[ours_range.clone()], &theirs.lines[theirs_range.clone()]);
        if is_ours && is_theirs && ours_lines != theirs_lines {
            let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
            conflicts.push(ConflictHunk {
                base_start: start + 1,
                ours_start: ours_range.start + 1,
                theirs_start: theirs_range.start + 1,
                base: owned(&base[changed]),
                ours: owned(ours_lines),
                theirs: owned(theirs_lines),
            });
        } else {
            merged.extend(if is_ours { ours_lines } else { theirs_lines }.iter().copied());
        }
    }
    merged.extend(base[position..].iter().copied());
    if conflicts.is_empty() { Ok(merged) } else { Err(conflicts) }
}

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use super::*;
    use crate::diff::tests::{Random, folder, is_installed};

    #[test]
    fn changes_apart_come_together_and_others_are_conflicts() {
        let base = "1\n2\n3\n4\n5\n";
        assert_eq!(merge(base, "one\n2\n3\n4\n5\n", "1\n2\n3\n4\nfive").expect("clean"), "one\n2\n3\n4\nfive");
        assert_eq!(merge(base, "1\n2\nc\n4\n5\n", "1\n2\nc\n4\n5\n").expect("clean"), "1\n2\nc\n4\n5\n");
        assert_eq!(merge(base, base, "").expect("clean"), "");
        assert_eq!(merge("", "", "new\n").expect("clean"), "new\n");
        let conflicts = merge(base, "0\n1\n2\nb\n4\n5\n", "1\n2\n3\nd\n5\n").expect_err("adjacent lines");
        let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        let expected = ConflictHunk {
            base_start: 3,
            ours_start: 4,
            theirs_start: 3,
            base: owned(&["3\n", "4\n"]),
            ours: owned(&["b\n", "4\n"]),
            theirs: owned(&["3\n", "d\n"]),
        };
        assert_eq!(conflicts, [expected]);
        let both_new = merge("", "ours\n", "theirs").expect_err("both wrote something");
        assert_eq!((&both_new[0].ours, &both_new[0].theirs), (&owned(&["ours\n"]), &owned(&["theirs"])));
    }

    /// What `git merge-file` makes of them, if it sees no conflict.
    fn git_merge(folder: &std::path::Path, base: &str, ours: &str, theirs: &str) -> Option<String> {
        for (name, text) in [("base", base), ("ours", ours), ("theirs", theirs)] {
            fs::write(folder.join(name), text).expect("written");
        }
        let arguments = ["merge-file", "-p", "-q", "ours", "base", "theirs"];
        let output = Command::new("git").args(arguments).current_dir(folder).output().expect("git runs");
        output.status.success().then(|| String::from_utf8(output.stdout).expect("UTF-8"))
    }

    #[test]
    fn merges_agree_with_git_where_it_sees_no_conflict() {
        if !is_installed("git") {
            return;
        }
        let folder = folder("merge");
        let mut random = Random::new(5);
        let (mut clean, mut conflicts) = (0, 0);
        for round in 0..1800 {
            let kinds = [20, 40, 1000][round % 3];
            let base: Vec<String> = (0..30).map(|_| random.line(kinds)).collect();
            let (ours, theirs) = (random.change(&base, kinds).concat(), random.change(&base, kinds).concat());
            let base = base.concat();
            let merged = merge(&base, &ours, &theirs);
            match git_merge(&folder, &base, &ours, &theirs) {
                Some(expected) => {
                    clean += 1;
                    assert_eq!(merged, Ok(expected), "{base:?}, {ours:?}, {theirs:?}");
                }
                None => conflicts += usize::from(merged.is_err()),
            }
        }
        fs::remove_dir_all(folder).expect("removed");
        assert!(clean >= 1000 && conflicts >= 100, "{clean} clean, {conflicts} conflicts");
    }

    /// Of hardly different lines many diffs say the same, and git may have chosen another; these hold of any.
    #[test]
    fn merges_with_the_base_or_with_itself_change_nothing() {
        let mut random = Random::new(6);
        for round in 0..2000 {
            let kinds = crate::diff::tests::KINDS[round % 5];
            let base = random.text(kinds);
            let (ours, theirs) = (random.change(&base, kinds).concat(), random.change(&base, kinds).concat());
            let base = base.concat();
            assert_eq!(merge(&base, &ours, &base), Ok(ours.clone()));
            assert_eq!(merge(&base, &base, &ours), Ok(ours.clone()));
            assert_eq!(merge(&base, &ours, &ours), Ok(ours.clone()));
            // Both orders give the same.
            match (merge(&base, &ours, &theirs), merge(&base, &theirs, &ours)) {
                (Ok(one), Ok(other)) => assert_eq!(one, other),
                (one, other) => assert_eq!(one.map_err(|hunks| hunks.len()), other.map_err(|hunks| hunks.len())),
            }
        }
    }
}
