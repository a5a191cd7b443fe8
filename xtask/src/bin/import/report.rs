//! What came of an import, for people.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Result;
use indicatif::HumanCount;
use uuid::Uuid;

use crate::lenses::Lens;
use crate::source::Table;
use crate::target::Target;
use crate::verify::Verified;

/// Problems of one reason that are shown.
const EXAMPLES: usize = 3;

/// What came of an import.
pub(crate) struct Report {
    lens: &'static str,
    import_id: Uuid,
    tables: Vec<Line>,
    /// What the operator should know though no row is at fault.
    notes: Vec<String>,
    files: Vec<Noted>,
    problems: Vec<Problems>,
}

struct Line {
    name: &'static str,
    rows: u64,
    noted: Noted,
    verified: Verified,
}

/// What the book says of a table, or of the files of a column.
#[derive(Default)]
struct Noted {
    name: String,
    read: u64,
    taken: u64,
    known: u64,
    refused: u64,
}

/// Problems that have the same reason.
struct Problems {
    relation: String,
    reason: String,
    count: u64,
    examples: Vec<String>,
}

impl Report {
    /// An empty one.
    pub(crate) fn new(lens: &'static str, import_id: Uuid) -> Self {
        Self { lens, import_id, tables: Vec::new(), notes: Vec::new(), files: Vec::new(), problems: Vec::new() }
    }

    /// Whether all of the source is here.
    pub(crate) fn agrees(&self) -> bool {
        self.problems.is_empty() && self.tables.iter().all(|table| table.verified.agrees())
    }

    /// A table that is being imported.
    pub(crate) fn add_table(&mut self, table: &Table) {
        let name = table.relation.name;
        let list = |columns: &[String]| columns.join(", ");
        if !table.lacking.is_empty() {
            self.notes.push(format!("{name}: the source has no {}; the defaults are taken", list(&table.lacking)));
        }
        if !table.unknown.is_empty() {
            self.notes.push(format!(
                "{name}: {} of the source stays behind: {} has no such column",
                list(&table.unknown),
                self.lens
            ));
        }
        self.tables.push(Line { name, rows: table.rows, noted: Noted::default(), verified: Verified::default() });
    }

    /// Tables that only the lens has, and those that only the source has.
    pub(crate) fn note_unmatched(&mut self, lens: &Lens, tables: &[Table], others: &[String]) {
        let absent = |name: &&str| !tables.iter().any(|table| table.relation.name == *name);
        let absent: Vec<&str> = lens.relations.iter().map(|relation| relation.name).filter(absent).collect();
        if !absent.is_empty() {
            self.notes.push(format!("the source has no {}", absent.join(", ")));
        }
        if !others.is_empty() {
            self.notes.push(format!(
                "{} of the source stays behind, all its rows: {} has no such table",
                others.join(", "),
                self.lens
            ));
        }
    }

    /// What the comparison of a table found.
    pub(crate) fn add_verified(&mut self, table: &Table, verified: Verified) {
        if let Some(line) = self.tables.iter_mut().find(|line| line.name == table.relation.name) {
            line.verified = verified;
        }
    }

    /// What the book says: counts of this and earlier runs of the import, and its problems.
    pub(crate) async fn add_book(&mut self, target: &Target) -> Result<()> {
        let relations = "
            select relation, rows_read, rows_taken, rows_known, rows_refused
            from lens.import_relations where import_id = $1 order by relation
        ";
        for row in target.client.query(relations, &[&self.import_id]).await? {
            let count = |index| u64::try_from(row.get::<_, i64>(index)).unwrap_or_default();
            let noted = Noted { name: row.get(0), read: count(1), taken: count(2), known: count(3), refused: count(4) };
            match self.tables.iter_mut().find(|line| line.name == noted.name) {
                Some(line) => line.noted = noted,
                None => self.files.push(noted),
            }
        }
        let problems = "
            select relation, reason, count(*), (array_agg(row_key order by row_key))[:$2]
            from lens.import_problems where import_id = $1
            group by relation, reason order by relation, count(*) desc, reason
        ";
        for row in target.client.query(problems, &[&self.import_id, &i32::try_from(EXAMPLES)?]).await? {
            let count = u64::try_from(row.get::<_, i64>(2))?;
            self.problems.push(Problems { relation: row.get(0), reason: row.get(1), count, examples: row.get(3) });
        }
        Ok(())
    }

    /// Prints it to standard output.
    pub(crate) fn print(&self, source: &str, target: &str, took: Duration, dry_run: bool) {
        let rows: u64 = self.tables.iter().map(|table| table.noted.read).sum();
        let what = if dry_run { "Tried, and took back," } else { "Imported" };
        println!(
            "\n{what} {}: {source} into {target}, {} rows in {:.1} s\n",
            self.lens,
            HumanCount(rows),
            took.as_secs_f64()
        );
        print!("{}", self.table());
        print!("{}", self.file_table());
        for note in &self.notes {
            println!("  note: {note}");
        }
        print!("{}", self.problem_list());
    }

    fn table(&self) -> String {
        let header =
            ["table", "in source", "taken now", "known", "refused", "missing", "differing", "equal", "checksum"];
        let lines = self.tables.iter().map(|Line { name, rows, noted, verified }| {
            let numbers =
                [*rows, noted.taken, noted.known, noted.refused, verified.missing, verified.differing, verified.equal];
            let mark = if verified.checksums.0 == verified.checksums.1 { "✓" } else { "✗" };
            let numbers = numbers.map(|number| HumanCount(number).to_string());
            [(*name).to_owned()].into_iter().chain(numbers).chain([mark.to_owned()]).collect()
        });
        aligned(&header, lines)
    }

    fn file_table(&self) -> String {
        if self.files.is_empty() {
            return String::new();
        }
        let header = ["files of", "named", "stored now", "known", "refused"];
        let lines = self.files.iter().map(|noted| {
            let numbers = [noted.read, noted.taken, noted.known, noted.refused];
            let numbers = numbers.map(|number| HumanCount(number).to_string());
            [noted.name.clone()].into_iter().chain(numbers).collect()
        });
        aligned(&header, lines)
    }

    fn problem_list(&self) -> String {
        if self.problems.is_empty() {
            return if self.agrees() {
                "Everything agrees.\n".to_owned()
            } else {
                "The checksums do not agree.\n".to_owned()
            };
        }
        let mut text = "Problems:\n".to_owned();
        for Problems { relation, reason, count, examples } in &self.problems {
            let others = if *count > examples.len() as u64 { ", …" } else { "" };
            let _ =
                writeln!(text, "  {relation}, {}: {reason}\n      {}{others}", HumanCount(*count), examples.join(", "));
        }
        let _ =
            writeln!(text, "All of them: select * from lens.import_problems where import_id = '{}'", self.import_id);
        text
    }
}

/// Lines of a table, the first column to the left, the others to the right.
fn aligned(header: &[&str], lines: impl Iterator<Item = Vec<String>>) -> String {
    let mut all: Vec<Vec<String>> = vec![header.iter().map(|name| (*name).to_owned()).collect()];
    all.extend(lines);
    let width = |column: usize| all.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let mut text = String::new();
    for line in &all {
        let _ = write!(text, "  {:<width$}", line[0], width = widths[0]);
        for (cell, width) in line.iter().zip(&widths).skip(1) {
            let _ = write!(text, "  {cell:>width$}");
        }
        text.push('\n');
    }
    text + "\n"
}
