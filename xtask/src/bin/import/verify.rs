//! Reading both sides again, and comparing every value.

use anyhow::Result;
use futures_util::future::try_join;
use tokio::sync::mpsc::{Receiver, channel};
use tokio_postgres::types::ToSql;

use crate::database::quote;
use crate::progress::Progress;
use crate::source::{Batch, Parts, Scan, Source, Table};
use crate::target::Target;

/// Differing rows that the report shows.
const SHOWN: usize = 20;

/// What a comparison found.
#[derive(Default)]
pub(crate) struct Verified {
    /// Rows whose every value is the same.
    pub(crate) equal: u64,
    /// Rows that differ.
    pub(crate) differing: u64,
    /// The first of them, and of the missing ones: key and what is wrong.
    pub(crate) shown: Vec<(String, String)>,
    /// Rows that are not here, though they are not listed as refused.
    pub(crate) missing: u64,
    /// Sums over the rows that are here: as the source has them, as the lens shows them.
    pub(crate) checksums: (i128, i128),
}

impl Verified {
    /// Whether all that is here is as it was, and nothing else is missing than what is listed.
    pub(crate) fn agrees(&self) -> bool {
        self.differing == 0 && self.missing == 0 && self.checksums.0 == self.checksums.1
    }
}

/// Compares a table with its view.
pub(crate) async fn compare(source: &Source, target: &mut Target, table: &Table, batch: usize) -> Result<Verified> {
    let stale = "
        delete from lens.import_problems
        where import_id = $1 and relation = $2 and (reason = 'is not here' or reason like 'differs: %')
    ";
    target.execute(stale, &[&table.relation.name]).await?;
    let progress = Progress::start(&format!("{}, compared", table.relation.name), table.rows, 0);
    let (sender, receiver) = channel(1);
    let scan = Scan { table, columns: &[], after: None, batch };
    let ((), verified) = try_join(source.read(scan, sender), compare_all(target, table, receiver, &progress)).await?;
    progress.finish("rows");
    Ok(verified)
}

async fn compare_all(
    target: &Target,
    table: &Table,
    mut batches: Receiver<Batch>,
    progress: &Progress,
) -> Result<Verified> {
    let mut verified = Verified::default();
    let query = comparison(target, table);
    while let Some(batch) = batches.recv().await {
        let absent = table.absent(&batch);
        target.begin().await?;
        let mut parts = Parts::of(&batch);
        while let Some(part) = parts.next() {
            match look(target, table, &query, batch.json(part.clone()), &absent).await? {
                Some(found) => verified.add(found),
                // No lens could have taken it.
                None if part.len() == 1 => {
                    verified.missing += u64::from(!is_listed(target, table, &batch.rows[part.start].key).await?);
                }
                None => parts.halve(&part),
            }
        }
        target.commit().await?;
        progress.add(batch.rows.len());
    }
    Ok(verified)
}

impl Verified {
    fn add(&mut self, other: Self) {
        self.equal += other.equal;
        self.differing += other.differing;
        self.missing += other.missing;
        self.checksums.0 += other.checksums.0;
        self.checksums.1 += other.checksums.1;
        self.shown.extend(other.shown);
        self.shown.truncate(SHOWN);
    }
}

/// Compares some rows; nothing where they cannot be read as the view's rows.
async fn look(
    target: &Target,
    table: &Table,
    query: &str,
    json: String,
    absent: &Vec<String>,
) -> Result<Option<Verified>> {
    let name = table.relation.name;
    let parameters: [&(dyn ToSql + Sync); 4] = [&json, absent, &target.import_id, &name];
    let Ok(row) = target.attempt(target.client.query_one(query, &parameters)).await? else { return Ok(None) };
    let wrong: Vec<(String, String)> = serde_json::from_str(row.get(4))?;
    let missing = row.get::<_, i64>(1).try_into()?;
    for (key, reason) in &wrong {
        let list = "
            insert into lens.import_problems (import_id, relation, row_key, reason) values ($1, $2, $3, $4)
            on conflict on constraint import_problems_pkey do update set reason = excluded.reason, source_row = null
        ";
        target.execute(list, &[&name, key, reason]).await?;
    }
    Ok(Some(Verified {
        equal: row.get::<_, i64>(0).try_into()?,
        differing: wrong.len() as u64 - missing,
        shown: wrong,
        missing,
        checksums: (row.get::<_, &str>(2).parse()?, row.get::<_, &str>(3).parse()?),
    }))
}

async fn is_listed(target: &Target, table: &Table, key: &str) -> Result<bool> {
    let listed = "select from lens.import_problems where import_id = $1 and relation = $2 and row_key = $3";
    Ok(target.execute(listed, &[&table.relation.name, &key]).await? > 0)
}

impl Table {
    /// The view's columns that a batch does not have.
    fn absent(&self, batch: &Batch) -> Vec<String> {
        let all = self.columns.iter().map(|column| &column.name).chain(&self.lacking);
        all.filter(|name| !batch.columns.contains(name)).cloned().collect()
    }
}

/// The statement that compares rows of a JSON array with the view's: as text, in which 1.0 is not 1.00.
fn comparison(target: &Target, table: &Table) -> String {
    let checksum = |side: &str| {
        format!(
            "coalesce(sum(('x' || left(md5({side}), 16))::bit(64)::bigint) filter (where shown is not null), 0)::text"
        )
    };
    format!(
        "with pairs as materialized (
             select new.{key}::text as key, to_jsonb(new) - $2::text[] as given, known.shown
             from jsonb_populate_recordset(null::{view}, $1::text::jsonb) as new
             left join lateral (
                 select to_jsonb(known) - $2::text[] as shown from {view} as known where known.{key} = new.{key} offset 0
             ) as known on true
         ),
         wrong as (
             select
                 key,
                 case when shown is null then 'is not here' else 'differs: ' || (
                     select coalesce(string_agg(name, ', ' order by name), '')
                     from jsonb_object_keys(given) as name
                     where (given -> name)::text is distinct from (shown -> name)::text
                 ) end as reason,
                 shown is null as is_missing
             from pairs
             where given::text is distinct from shown::text and (shown is not null or not exists (
                 select from lens.import_problems
                 where import_id = $3 and relation = $4 and row_key = pairs.key
             ))
         )
         select
             (select count(*) from pairs where given::text = shown::text),
             (select count(*) from wrong where is_missing),
             {of_source},
             {of_lens},
             (select coalesce(json_agg(json_build_array(key, reason)), '[]') from wrong)::text
         from pairs",
        view = target.view(table.relation),
        key = quote(table.relation.key),
        of_source = checksum("given::text"),
        of_lens = checksum("shown::text"),
    )
}
