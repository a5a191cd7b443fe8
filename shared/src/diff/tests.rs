//! Properties of differences, over random texts and with the programs that take them.

use std::{
    cell::Cell,
    collections::BTreeMap,
    fs,
    hash::{Hash, Hasher},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::*;

/// Numbers that look random and are the same in every run.
pub(crate) struct Random(fastrand::Rng);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    fn of<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.0.usize(..items.len())]
    }

    /// A line that is one of `kinds`, the fewer the more alike they are.
    pub(crate) fn line(&mut self, kinds: usize) -> String {
        let kind = self.0.usize(..kinds);
        let start = self.of(&["let ", "\t", "- ", "+", "@@ -1 +1 @@", "\\ No newline", "--- a/x", "é 時計", "", " "]);
        let end = self.of(&["\n", "\n", "\n", "\r\n", "\r;\n", " \n"]);
        if kinds < 50 { format!("line {kind}\n") } else { format!("{start}{kind} = {}{end}", kind % 7) }
    }

    pub(crate) fn text(&mut self, kinds: usize) -> Vec<String> {
        (0..self.0.usize(..40)).map(|_| self.line(kinds)).collect()
    }

    /// The lines with up to four changes; now and then one that is last has no line end.
    pub(crate) fn change(&mut self, lines: &[String], kinds: usize) -> Vec<String> {
        let mut lines = lines.to_vec();
        for _ in 0..self.0.usize(..5) {
            let at = self.0.usize(..=lines.len());
            let end = (at + self.0.usize(..4)).min(lines.len());
            let new: Vec<String> = (0..self.0.usize(..4)).map(|_| self.line(kinds)).collect();
            lines.splice(at..end, new);
        }
        if let Some(last) = lines.len().checked_sub(1)
            && self.0.usize(..8) == 0
        {
            lines[last] = lines[last].trim_end().to_owned();
            lines.retain(|line| !line.is_empty());
        }
        // A line without an end that others were put behind gets one.
        let count = lines.len();
        for line in lines.iter_mut().take(count.saturating_sub(1)).filter(|line| !line.ends_with('\n')) {
            line.push('\n');
        }
        lines
    }
}

/// How many kinds of lines the random texts have: from almost all alike to all different.
pub(crate) const KINDS: [usize; 5] = [2, 4, 10, 40, 1000];

fn file(path: &str, old: Option<&str>, new: Option<&str>, context: usize) -> FileDiff {
    let (hunks, additions, deletions) = hunks(old.unwrap_or_default(), new.unwrap_or_default(), context);
    let status = match (old, new) {
        (None, _) => FileStatus::Added,
        (_, None) => FileStatus::Removed,
        _ => FileStatus::Changed,
    };
    FileDiff {
        path: path.to_owned(),
        old_path: None,
        status,
        language: None,
        old: None,
        new: None,
        additions,
        deletions,
        hunks: Some(hunks),
    }
}

/// Applies a unified diff of one file, by its letter.
fn apply(diff: &str, old: &str) -> String {
    let old = lines(old);
    let mut changes: Vec<String> = Vec::new();
    for line in lines(diff).into_iter().skip_while(|line| !line.starts_with("@@")) {
        match changes.last_mut() {
            Some(last) if line.trim_end() == NO_NEWLINE => assert_eq!(last.pop(), Some('\n')),
            _ => changes.push(line.to_owned()),
        }
    }
    let mut new = String::new();
    let mut position = 0;
    for change in changes {
        let (mark, line) = change.split_at(1);
        match mark {
            "@" => {
                let range = line.split(['-', ' ']).nth(2).expect("the old range");
                let mut numbers = range.split(',').map(|number| number.parse::<usize>().expect("a number"));
                let (start, count) = (numbers.next().expect("a start"), numbers.next().unwrap_or(1));
                let start = if count == 0 { start } else { start - 1 };
                new.extend(old[position..start].iter().copied());
                position = start;
            }
            "+" => new.push_str(line),
            _ => {
                assert_eq!(line, old[position], "in {diff}");
                position += 1;
                if mark == " " {
                    new.push_str(line);
                }
            }
        }
    }
    new.extend(old[position..].iter().copied());
    new
}

#[test]
fn what_is_applied_gives_the_new_text() {
    let mut random = Random::new(1);
    for round in 0..10_000 {
        let kinds = KINDS[round % KINDS.len()];
        let old = random.text(kinds);
        let new = if round % 10 == 0 { random.text(kinds) } else { random.change(&old, kinds) };
        let (old, new) = (old.concat(), new.concat());
        let file = file("a.txt", Some(&old), Some(&new), random.0.usize(..5));
        let diff = unified(std::slice::from_ref(&file));
        assert_eq!(apply(&diff, &old), new, "{old:?} to {new:?} by\n{diff}");
        check_numbers(&file);
        check_words(&file);
    }
}

/// The numbers of a hunk say what is in it.
fn check_numbers(file: &FileDiff) {
    let hunks = file.hunks.as_ref().expect("text");
    let count =
        |hunk: &Hunk, marks: &str| hunk.lines.iter().filter(|line| line.starts_with(|c| marks.contains(c))).count();
    for hunk in hunks {
        assert_eq!((count(hunk, " -"), count(hunk, " +")), (hunk.old_lines, hunk.new_lines), "{hunk:?}");
    }
    let sum = |marks: &str| hunks.iter().map(|hunk| count(hunk, marks)).sum::<usize>();
    assert_eq!((sum("+"), sum("-")), (file.additions, file.deletions));
}

/// The pieces of a line's marks make up both lines, and say what is common to both.
fn check_words(file: &FileDiff) {
    for hunk in file.hunks.iter().flatten() {
        for words in &hunk.words {
            let side = |mark: char| {
                let segments = words.segments.iter().filter(|segment| segment.starts_with([' ', mark]));
                segments.map(|segment| &segment[1..]).collect::<String>()
            };
            assert_eq!(format!("-{}", side('-')), hunk.lines[words.old]);
            assert_eq!(format!("+{}", side('+')), hunk.lines[words.new]);
            assert!(words.segments.iter().any(|segment| segment.starts_with(' ')), "{words:?}");
            assert!(words.segments.iter().all(|segment| segment.len() > 1), "{words:?}");
        }
    }
}

fn words(old: &str, new: &str) -> Option<Vec<String>> {
    super::words(old, new, &mut Effort::default())
}

fn hunks(old: &str, new: &str, context: usize) -> (Vec<Hunk>, usize, usize) {
    super::hunks(old, new, context, &mut Effort::default())
}

#[test]
fn words_are_marked_where_lines_have_some_in_common() {
    assert_eq!(words("let width = 10;", "let height = 10;").expect("marks"), [" let ", "-width", "+height", "  = 10;"]);
    assert_eq!(words("foo(a, b)", "foo(a, bc)").expect("marks"), [" foo(a, ", "-b", "+bc", " )"]);
    assert_eq!(words("\u{6642}\u{8a08}", "\u{6642}\u{9593}").expect("marks"), [" \u{6642}", "-\u{8a08}", "+\u{9593}"]);
    assert_eq!(words("x = 1;\r", "x = 1;").expect("marks"), [" x = 1;", "-\r"]);
    for (old, new) in [("", "a"), ("a", "b"), ("(a);", "{b};"), ("same", "same")] {
        assert!(words(old, new).is_none(), "{old:?} to {new:?}");
    }
    assert!(words(&"a ".repeat(1001), "a").is_none());
}

#[test]
fn hunks_stand_as_git_writes_them() {
    let diff = |old, new, context| unified(&[file("a", Some(old), Some(new), context)]);
    let head = "diff --git a/a b/a\n--- a/a\n+++ b/a\n";
    assert_eq!(diff("1\n2\n3\n", "1\nz\n3\n", 0), format!("{head}@@ -2 +2 @@\n-2\n+z\n"));
    assert_eq!(diff("1\n", "1\n2\n", 0), format!("{head}@@ -1,0 +2 @@\n+2\n"));
    assert_eq!(diff("1\n2\n", "2\n", 3), format!("{head}@@ -1,2 +1 @@\n-1\n 2\n"));
    assert_eq!(diff("a", "a\n", 3), format!("{head}@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"));
    assert_eq!(diff("", "a\rb", 3), format!("{head}@@ -0,0 +1 @@\n+a\rb\n\\ No newline at end of file\n"));
    // Two changes with six lines between are one hunk, with seven two.
    for (between, count) in [(6, 1), (7, 2)] {
        let old = format!("a\n{}b\n", "x\n".repeat(between));
        assert_eq!(hunks(&old, &old.replace(['a', 'b'], "c"), 3).0.len(), count);
    }
}

/// Whether a program is there to compare with.
pub(crate) fn is_installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        eprintln!("{program} is not installed: its part of the test is skipped");
    }
    found
}

/// A folder of its own for a test, empty.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("atelier-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

type Files = BTreeMap<String, String>;

const PATHS: [&str; 12] = [
    "a.txt",
    "b c.txt",
    "src/main.rs",
    "src/\u{e9}t\u{e9}.js",
    "\"quoted\".md",
    "-dash",
    "a b/c d",
    "tab's",
    "#x",
    "\u{6642}\u{8a08}",
    "d/e/f/g",
    "$HOME",
];

fn random_files(random: &mut Random) -> Files {
    let mut files = Files::new();
    for path in PATHS {
        if random.0.usize(..3) > 0 {
            let kinds = KINDS[random.0.usize(..KINDS.len())];
            files.insert(path.to_owned(), random.text(kinds).concat());
        }
    }
    files
}

fn write(folder: &Path, files: &Files) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("written");
    }
}

fn read(folder: &Path) -> Files {
    fn visit(folder: &Path, prefix: &str, files: &mut Files) {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
            let name = format!("{prefix}{}", entry.file_name().into_string().expect("UTF-8"));
            if entry.file_type().expect("a type").is_dir() {
                visit(&entry.path(), &format!("{name}/"), files);
            } else {
                files.insert(name, fs::read_to_string(entry.path()).expect("text"));
            }
        }
    }
    let mut files = Files::new();
    visit(folder, "", &mut files);
    files
}

fn run(program: &str, arguments: &[&str], folder: &Path, input: &str) {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CEILING_DIRECTORIES", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}\n{input}");
}

/// A few hundred files with odd names and texts: new, gone, renamed, changed, empty, with CRLF and without a last line end.
/// Binary ones are passed over.
#[test]
fn git_and_patch_take_what_we_write() {
    let programs: [(&str, &[&str]); 2] = [("git", &["apply", "--whitespace=nowarn"]), ("patch", &["-p1", "-s"])];
    for (program, arguments) in programs {
        if !is_installed(program) {
            continue;
        }
        let folder = folder(program);
        let mut random = Random::new(3);
        for round in 0..30 {
            let old = random_files(&mut random);
            let mut new = random_files(&mut random);
            for (path, text) in &old {
                if new.contains_key(path) {
                    let kinds = KINDS[random.0.usize(..KINDS.len())];
                    let lines: Vec<String> = lines(text).into_iter().map(str::to_owned).collect();
                    new.insert(path.clone(), random.change(&lines, kinds).concat());
                }
            }
            let paths: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            let mut files: Vec<FileDiff> = paths
                .into_iter()
                .filter(|path| old.get(*path) != new.get(*path))
                .map(|path| file(path, old.get(path).map(String::as_str), new.get(path).map(String::as_str), 3))
                .collect();
            let (mut old, mut new) = (old, new);
            old.insert("renamed from".to_owned(), "text\n".to_owned());
            new.insert("\u{fc}ber/renamed \u{e4}".to_owned(), "text\n".to_owned());
            let mut renamed = file("\u{fc}ber/renamed \u{e4}", Some("text\n"), Some("text\n"), 3);
            (renamed.status, renamed.old_path) = (FileStatus::Renamed, Some("renamed from".to_owned()));
            files.push(renamed);
            let mut binary = file("logo.png", Some(""), Some(""), 3);
            binary.hunks = None;
            files.insert(random.0.usize(..files.len()), binary);
            let folder = folder.join(round.to_string());
            fs::create_dir(&folder).expect("a folder");
            write(&folder, &old);
            let diff = unified(&files);
            run(program, arguments, &folder, &diff);
            assert_eq!(read(&folder), new, "{program}:\n{diff}");
        }
        fs::remove_dir_all(folder).expect("removed");
    }
}

/// A line that counts how often it is compared.
#[derive(Clone, Copy)]
struct Counted(usize);

thread_local! {
    static COMPARISONS: Cell<usize> = const { Cell::new(0) };
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        COMPARISONS.set(COMPARISONS.get() + 1);
        self.0 == other.0
    }
}

impl Eq for Counted {}

impl Hash for Counted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// Texts that are hard on the algorithm take no longer than others, by far: it gives up looking for the shortest difference.
#[test]
fn hard_texts_take_bounded_work() {
    let mut random = Random::new(4);
    for kinds in [2, 10, 300] {
        let mut lines = || (0..20_000).map(|_| Counted(random.0.usize(..kinds))).collect::<Vec<_>>();
        let (old, new) = (lines(), lines());
        COMPARISONS.set(0);
        assert!(edits(&old, &new).len() > 1000);
        let comparisons = COMPARISONS.get();
        assert!(comparisons < 500 * (old.len() + new.len()), "{comparisons} of {kinds} kinds of lines");
    }
}

/// Nor do words: of lines that are as long as may be looked at, and hard, some are marked and the rest are not.
#[test]
fn hard_words_take_bounded_work() {
    let mut random = Random::new(7);
    let mut text = || -> String {
        let mut line = || (0..1990).map(|_| random.of(&["a", " ", "b"])).chain(["\n"]).collect::<String>();
        (0..500).map(|_| line()).collect()
    };
    let (old, new) = (text(), text());
    let mut effort = Effort::default();
    let (hard, additions, _) = super::hunks(&old, &new, 3, &mut effort);
    assert_eq!(additions, 500);
    let marked = hard.iter().map(|hunk| hunk.words.len()).sum::<usize>();
    assert!((50..400).contains(&marked), "{marked}");
    let (after, _, _) = super::hunks("let a = 1;\n", "let a = 2;\n", 3, &mut effort);
    assert!(after[0].words.is_empty());
}
