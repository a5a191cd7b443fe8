//! Taking rows: in batches while all goes well, one by one where a batch is refused.

use anyhow::Result;
use futures_util::future::try_join;
use tokio::sync::mpsc::{Receiver, channel};

use crate::database::quote;
use crate::progress::Progress;
use crate::source::{Batch, Parts, Scan, Source, Table};
use crate::target::{Counts, Target};

/// Takes what is left of a table.
pub(crate) async fn take_all(source: &Source, target: &mut Target, table: &Table, batch: usize) -> Result<()> {
    let name = table.relation.name;
    let known = target.progress(name).await?;
    if known.is_complete {
        return Ok(());
    }
    let progress = Progress::start(name, table.rows, known.read);
    let (sender, receiver) = channel(1);
    let scan = Scan { table, columns: &[], after: known.after, batch };
    // The next batch is read while one is written.
    try_join(source.read(scan, sender), write_all(target, table, receiver, &progress)).await?;
    target.complete(name).await?;
    progress.finish("rows");
    Ok(())
}

async fn write_all(target: &Target, table: &Table, mut batches: Receiver<Batch>, progress: &Progress) -> Result<()> {
    while let Some(batch) = batches.recv().await {
        write(target, table, &batch).await?;
        progress.add(batch.rows.len());
    }
    Ok(())
}

/// One transaction: the rows, and how far they are.
async fn write(target: &Target, table: &Table, batch: &Batch) -> Result<()> {
    let Some(last) = batch.rows.last() else { return Ok(()) };
    let insert = insertion(target, table, batch);
    let mut counts = Counts { read: count(batch.rows.len() as u64), ..Counts::default() };
    target.begin().await?;
    let mut parts = Parts::of(batch);
    while let Some(part) = parts.next() {
        match target.attempt(insert_new(target, &insert, batch.json(part.clone()))).await? {
            Ok(taken) => {
                counts.taken += count(taken);
                counts.known += count(part.len() as u64 - taken);
            }
            Err(reason) if part.len() == 1 => {
                counts.refused += 1;
                target.list_problem(table.relation.name, &batch.rows[part.start], &reason).await?;
            }
            Err(_) => parts.halve(&part),
        }
    }
    target.note(table.relation.name, &last.place, counts).await?;
    target.commit().await
}

/// Inserts rows, and says how many of them were new.
async fn insert_new(target: &Target, insert: &str, json: String) -> Result<u64, tokio_postgres::Error> {
    let inserted = target.client.execute(insert, &[&json]).await?;
    // What would else be found at the commit, when it is too late to tell which row it was.
    target.client.batch_execute("set constraints all immediate; set constraints all deferred").await?;
    Ok(inserted)
}

/// The statement that inserts those rows of a JSON array that are not here. Columns that the source lacks get their defaults.
fn insertion(target: &Target, table: &Table, batch: &Batch) -> String {
    let columns: Vec<String> = batch.columns.iter().map(|name| quote(name)).collect();
    // The offset keeps this a look-up by key for each row; else the whole view might be read for a batch.
    format!(
        "insert into {view} ({columns})
         select {columns}
         from jsonb_populate_recordset(null::{view}, $1::text::jsonb) as new
         where not exists (select from {view} as known where known.{key} = new.{key} offset 0)",
        view = target.view(table.relation),
        columns = columns.join(", "),
        key = quote(table.relation.key),
    )
}

fn count(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
