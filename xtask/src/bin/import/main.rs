//! `cargo xtask import`: copies a database of one of the five older systems into Atelier, through that system's lens.
//!
//! Rows travel as JSON, in batches, in the order that their references ask for. Each batch is one transaction of the
//! target, which also notes how far the import is: killed at any moment, it goes on there. Nothing is ever written to
//! the source.

mod connect;
mod database;
mod files;
mod folder;
mod lenses;
mod places;
mod progress;
mod report;
mod rows;
mod source;
mod target;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Parser;

use crate::database::Database;
use crate::files::Files;
use crate::folder::Folder;
use crate::lenses::{Document, Lens};
use crate::report::Report;
use crate::source::Source;
use crate::target::Target;

/// Finished, but rows or files were refused, or differ.
const DISAGREES: u8 = 2;

/// Copy a database of an older system into Atelier.
///
/// Exits with 0 where everything is in, with 2 where rows or files were refused or differ (the report lists them), and with 1 where
/// it could not finish: run it again, and it goes on where it was.
#[derive(Parser)]
#[command(name = "cargo xtask import", bin_name = "cargo xtask import")]
struct Options {
    /// The document whose schema the source has.
    #[arg(long, value_enum)]
    from: Document,

    /// The database to copy: `postgres://user:password@host/database`. A login that may only SELECT is enough.
    #[arg(long, required_unless_present = "files")]
    source: Option<String>,

    /// The folder with the files that rows name. Alone, for storage and canonical: also with the rows, as JSON.
    #[arg(long)]
    files: Option<PathBuf>,

    /// The owner's URL of Atelier's database; `OWNER_DATABASE_URL` where left out.
    #[arg(long)]
    target: Option<String>,

    /// Do it all in one transaction, report, and take it back. Files are looked for and looked at, and go nowhere.
    #[arg(long)]
    dry_run: bool,

    /// Rows of one transaction.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    batch: u32,
}

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => {
            error.print().ok();
            // Not clap's own 2, which says here that rows were refused.
            return if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = runtime.context("no runtime could be started").and_then(|runtime| runtime.block_on(run(&options)));
    match result {
        Ok(report) if report.agrees() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(DISAGREES),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<Report> {
    let started = Instant::now();
    let lens = options.from.lens();
    let source = open(options, lens).await?;
    let url = match &options.target {
        Some(url) => url.clone(),
        None => {
            std::env::var("OWNER_DATABASE_URL").context("there is no --target, and OWNER_DATABASE_URL is not set")?
        }
    };
    let mut target = Target::connect(&url, lens, options.dry_run).await?;
    let files =
        options.files.as_deref().map(|folder| Files::open(folder, lens, options.dry_run)).transpose()?.flatten();
    let mut report = target.open_import(&source.describe()).await?;

    let batch = usize::try_from(options.batch)?;
    let tables = source.tables(lens, &target).await?;
    for table in &tables {
        report.add_table(table);
        rows::take_all(&source, &mut target, table, batch).await?;
    }
    report.note_unmatched(lens, &tables, &source.others(&tables).await?);
    target.finish_import().await?;
    if let Some(files) = &files {
        for table in &tables {
            files.take_all(&source, &mut target, table, batch).await?;
        }
    }
    for table in &tables {
        report.add_verified(table, verify::compare(&source, &mut target, table, batch).await?);
    }
    report.add_book(&target).await?;
    target.close_import().await?;
    report.print(&source.describe(), target.place(), started.elapsed(), options.dry_run);
    Ok(report)
}

async fn open(options: &Options, lens: &'static Lens) -> Result<Source> {
    match (&options.source, &options.files) {
        (Some(url), _) => Ok(Source::Database(Database::connect(url).await?)),
        (None, Some(folder)) if lens.name == "storage" => Ok(Source::Folder(Folder::open(folder, lens)?)),
        _ => bail!("--source is missing: only storage and canonical can be read from a folder alone"),
    }
}
