//! Where rows come from: a database, or a folder of JSON.

use std::ops::Range;
use std::rc::Rc;

use anyhow::{Result, bail};
use tokio::sync::mpsc::Sender;

use crate::database::Database;
use crate::folder::Folder;
use crate::lenses::{Lens, Relation};
use crate::target::Target;

/// Bytes of a batch, beyond which it is sent though it could have more rows.
pub(crate) const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Where rows come from.
pub(crate) enum Source {
    /// A database.
    Database(Database),
    /// A folder with a JSON file for each table.
    Folder(Folder),
}

/// A row on its way.
pub(crate) struct Row {
    /// Its key, as text.
    pub(crate) key: String,
    /// Where it stands in the order of reading: a JSON array.
    pub(crate) place: String,
    /// The row, a JSON object. Kept as text, so that no number is rounded and nothing odd is lost on the way.
    pub(crate) json: String,
}

/// Rows that have the same columns.
pub(crate) struct Batch {
    /// The columns.
    pub(crate) columns: Rc<Vec<String>>,
    /// The rows, in the order of reading.
    pub(crate) rows: Vec<Row>,
}

impl Batch {
    /// A JSON array of some of its rows.
    pub(crate) fn json(&self, range: Range<usize>) -> String {
        let rows: Vec<&str> = self.rows[range].iter().map(|row| row.json.as_str()).collect();
        format!("[{}]", rows.join(","))
    }

    /// Whether it has grown as large as a batch should.
    pub(crate) fn is_full(&self, rows: usize, bytes: usize) -> bool {
        self.rows.len() >= rows || bytes >= BATCH_BYTES
    }
}

/// Parts of a batch that are still to be tried: all of it, then the halves of what was refused, down to single rows.
pub(crate) struct Parts(Vec<Range<usize>>);

impl Parts {
    /// All of a batch.
    pub(crate) fn of(batch: &Batch) -> Self {
        Self(std::iter::once(0..batch.rows.len()).collect())
    }

    /// The next part, in the order of the rows.
    pub(crate) fn next(&mut self) -> Option<Range<usize>> {
        self.0.pop()
    }

    /// Tries the halves of a part instead.
    pub(crate) fn halve(&mut self, part: &Range<usize>) {
        let middle = part.start + part.len() / 2;
        self.0.extend([middle..part.end, part.start..middle]);
    }
}

/// A table that the source has.
pub(crate) struct Table {
    /// The view that stands for it.
    pub(crate) relation: &'static Relation,
    /// The view's columns that the source has.
    pub(crate) columns: Vec<Column>,
    /// The view's columns that the source lacks.
    pub(crate) lacking: Vec<String>,
    /// The source's columns that the view lacks: they stay behind.
    pub(crate) unknown: Vec<String>,
    /// Its name in the source; of a database, quoted.
    pub(crate) source_name: String,
    /// What rows are ordered by in the source: expressions and their types.
    pub(crate) order: Vec<(String, String)>,
    /// Rows in the source.
    pub(crate) rows: u64,
}

/// A column of both.
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: String,
    /// What is selected for it in the source.
    pub(crate) expression: String,
}

impl Source {
    /// What tells this source from others, without credentials.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Database(database) => database.place().to_owned(),
            Self::Folder(folder) => folder.place(),
        }
    }

    /// The tables of the lens that the source has, in the lens's order.
    pub(crate) async fn tables(&self, lens: &'static Lens, target: &Target) -> Result<Vec<Table>> {
        let mut tables = Vec::new();
        for relation in lens.relations {
            let known = target.columns(relation).await?;
            tables.extend(match self {
                Self::Database(database) => database.table(relation, known).await?,
                Self::Folder(folder) => folder.table(relation, &known),
            });
        }
        if tables.is_empty() {
            let names: Vec<&str> = lens.relations.iter().map(|relation| relation.name).collect();
            bail!("{} has none of the tables of {}: {}", self.describe(), lens.name, names.join(", "));
        }
        Ok(tables)
    }

    /// What else the source has: tables that are none of these.
    pub(crate) async fn others(&self, tables: &[Table]) -> Result<Vec<String>> {
        let mut others = match self {
            Self::Database(database) => database.names().await?,
            Self::Folder(folder) => folder.names()?,
        };
        others.retain(|name| !tables.iter().any(|table| table.source_name == *name));
        Ok(others)
    }

    /// Reads a table's rows behind a place in their order, or only some columns of them.
    pub(crate) async fn read(&self, scan: Scan<'_>, batches: Sender<Batch>) -> Result<()> {
        match self {
            Self::Database(database) => database.read(scan, batches).await,
            Self::Folder(folder) => folder.read(scan, batches).await,
        }
    }
}

/// What is to be read.
pub(crate) struct Scan<'a> {
    /// The table.
    pub(crate) table: &'a Table,
    /// The only columns wanted; all where empty.
    pub(crate) columns: &'a [&'a str],
    /// The place behind which to begin.
    pub(crate) after: Option<String>,
    /// Rows of a batch.
    pub(crate) batch: usize,
}

impl<'a> Scan<'a> {
    /// The columns to read.
    pub(crate) fn columns(&self) -> Vec<&'a Column> {
        let wanted = |column: &&Column| self.columns.is_empty() || self.columns.contains(&column.name.as_str());
        self.table.columns.iter().filter(wanted).collect()
    }
}
