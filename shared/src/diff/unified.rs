//! The form that `git apply` and `patch` take.

use std::fmt::Write;

use super::{FileDiff, FileStatus, Hunk};

/// All differences as one text.
///
/// Files that are gone come first: a new one may need the name as a directory.
#[must_use]
pub fn unified(files: &[FileDiff]) -> String {
    let (removed, others): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.status == FileStatus::Removed);
    let mut text = String::new();
    for file in removed.into_iter().chain(others) {
        push_file(&mut text, file).expect("a String takes all that is written");
    }
    text
}

fn push_file(text: &mut String, file: &FileDiff) -> std::fmt::Result {
    let old_path = file.old_path.as_ref().unwrap_or(&file.path);
    let (old, new) = (quoted("a/", old_path), quoted("b/", &file.path));
    let old_name = if file.status == FileStatus::Added { "/dev/null" } else { &old };
    let new_name = if file.status == FileStatus::Removed { "/dev/null" } else { &new };
    if file.hunks.is_none() && file.status != FileStatus::Renamed {
        // With no header of its own, both programs pass over it and apply the rest.
        return writeln!(text, "Binary files {old_name} and {new_name} differ");
    }
    writeln!(text, "diff --git {old} {new}")?;
    let hunks = file.hunks.as_deref().unwrap_or_default();
    match file.status {
        FileStatus::Added => writeln!(text, "new file mode 100644")?,
        FileStatus::Removed => writeln!(text, "deleted file mode 100644")?,
        FileStatus::Changed => {}
        FileStatus::Renamed => {
            let (from, to) = (quoted("", old_path), quoted("", &file.path));
            writeln!(text, "similarity index 100%\nrename from {from}\nrename to {to}")?;
        }
    }
    match file.status {
        // With nothing else to go by, `patch` sees from these that an empty file comes or goes.
        FileStatus::Added if hunks.is_empty() => writeln!(text, "index 0000000..e69de29"),
        FileStatus::Removed if hunks.is_empty() => writeln!(text, "index e69de29..0000000"),
        _ if hunks.is_empty() => Ok(()),
        _ => {
            writeln!(text, "--- {old_name}\n+++ {new_name}")?;
            hunks.iter().try_for_each(|hunk| push_hunk(text, hunk))
        }
    }
}

fn push_hunk(text: &mut String, hunk: &Hunk) -> std::fmt::Result {
    let range = |start: usize, lines: usize| match lines {
        1 => start.to_string(),
        _ => format!("{start},{lines}"),
    };
    let (old, new) = (range(hunk.old_start, hunk.old_lines), range(hunk.new_start, hunk.new_lines));
    writeln!(text, "@@ -{old} +{new} @@")?;
    hunk.lines.iter().try_for_each(|line| writeln!(text, "{line}"))
}

/// A path as git writes it: in quotes, with octal numbers, where it has more than ASCII or a quote in it. One with spaces
/// too, which git leaves as it is: `patch` would take it for several.
fn quoted(prefix: &str, path: &str) -> String {
    let is_plain = |byte: u8| (b'!'..0x7f).contains(&byte) && byte != b'"' && byte != b'\\';
    if path.bytes().all(is_plain) {
        return format!("{prefix}{path}");
    }
    let mut text = format!("\"{prefix}");
    for byte in path.bytes() {
        match byte {
            b'"' | b'\\' => text.extend(['\\', byte.into()]),
            byte if byte == b' ' || is_plain(byte) => text.push(byte.into()),
            byte => text.extend(format!("\\{byte:03o}").chars()),
        }
    }
    text.push('"');
    text
}
