//! Atelier's database, written through a lens, and the book that says how far an import is.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::time::sleep;
use tokio_postgres::{Client, error::DbError, types::ToSql};
use uuid::Uuid;

use crate::connect::connect;
use crate::database::quote;
use crate::lenses::{Lens, Relation};
use crate::progress;
use crate::report::Report;
use crate::source::Row;

/// How the session works. Plans are made while tables are small: without the indexes they would be slow soon. A session whose
/// program was killed ends soon, and gives the lock back.
const SETTINGS: &str = "
    set role atelier_importer;
    set timezone = 'UTC';
    set datestyle = 'ISO';
    set search_path = pg_catalog;
    set statement_timeout = 0;
    set idle_in_transaction_session_timeout = 0;
    set enable_seqscan = off;
    set jit = off;
    set client_connection_check_interval = '500ms'
";

/// How often, and how many times, the lock of an importer that was just killed is asked for.
const LOCK_ATTEMPTS: (Duration, u32) = (Duration::from_millis(250), 20);

/// Atelier's database.
pub(crate) struct Target {
    pub(crate) client: Client,
    pub(crate) lens: &'static Lens,
    pub(crate) import_id: Uuid,
    place: String,
    dry_run: bool,
}

/// How far a table, or the files of a column, are.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Read from the source.
    pub(crate) read: i64,
    /// Taken now.
    pub(crate) taken: i64,
    /// Here before.
    pub(crate) known: i64,
    /// Refused, and listed.
    pub(crate) refused: i64,
}

/// Where to go on.
pub(crate) struct Progress {
    /// The last place read.
    pub(crate) after: Option<String>,
    /// Whether all of it was read.
    pub(crate) is_complete: bool,
    /// Rows read before.
    pub(crate) read: i64,
}

impl Target {
    /// Connects as the importer of this lens, the only one.
    pub(crate) async fn connect(url: &str, lens: &'static Lens, dry_run: bool) -> Result<Self> {
        let (client, place) = connect("target", url).await?;
        let unready = "the target is not migrated, or this is not its owner's URL: run `cargo xtask migrate`";
        client.batch_execute(SETTINGS).await.context(unready)?;
        let row = client.query_one("select to_regnamespace($1) is not null", &[&lens.name]).await?;
        ensure!(row.get::<_, bool>(0), "{unready} (there is no schema {})", lens.name);
        let target = Self { client, lens, import_id: Uuid::nil(), place, dry_run };
        target.lock().await?;
        Ok(target)
    }

    /// Host, port and database.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    async fn lock(&self) -> Result<()> {
        let (pause, attempts) = LOCK_ATTEMPTS;
        for _ in 0..attempts {
            let lock = "select pg_try_advisory_lock(hashtextextended('import into ' || $1, 0))";
            if self.client.query_one(lock, &[&self.lens.name]).await?.get(0) {
                return Ok(());
            }
            sleep(pause).await;
        }
        bail!("another import into {} of {} is running: wait until it has ended", self.lens.name, self.place)
    }

    /// The columns of a view.
    pub(crate) async fn columns(&self, relation: &Relation) -> Result<Vec<String>> {
        let columns =
            "select attname::text from pg_attribute where attrelid = to_regclass($1) and attnum > 0 order by attnum";
        let rows = self.client.query(columns, &[&self.view(relation)]).await?;
        ensure!(!rows.is_empty(), "the target has no view {}: run `cargo xtask migrate`", self.view(relation));
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// A view's name, quoted.
    pub(crate) fn view(&self, relation: &Relation) -> String {
        format!("{}.{}", quote(self.lens.name), quote(relation.name))
    }

    /// Begins a transaction; a dry run is one transaction all along.
    pub(crate) async fn begin(&self) -> Result<()> {
        if !self.dry_run {
            self.client.batch_execute("begin").await?;
        }
        Ok(())
    }

    /// Commits it.
    pub(crate) async fn commit(&self) -> Result<()> {
        if !self.dry_run {
            self.client.batch_execute("commit").await?;
        }
        Ok(())
    }

    /// Goes on with the import of this source that did not end, or begins anew.
    pub(crate) async fn open_import(&mut self, source: &str) -> Result<Report> {
        self.client.batch_execute("begin").await?;
        let open = "
            insert into lens.imports (lens, source) values ($1, $2)
            on conflict on constraint imports_source_key do update set source = excluded.source
            returning id, finished_at is not null
        ";
        let row = self.client.query_one(open, &[&self.lens.name, &source]).await?;
        self.import_id = row.get(0);
        if row.get(1) || self.dry_run {
            self.execute("delete from lens.import_relations where import_id = $1", &[]).await?;
            self.execute("delete from lens.import_problems where import_id = $1", &[]).await?;
            self.execute("update lens.imports set started_at = now(), finished_at = null where id = $1", &[]).await?;
        }
        self.commit().await?;
        Ok(Report::new(self.lens.name, self.import_id))
    }

    /// Runs a statement whose first parameter is the import.
    pub(crate) async fn execute(&self, statement: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<u64> {
        let mut all: Vec<&(dyn ToSql + Sync)> = vec![&self.import_id];
        all.extend(parameters);
        Ok(self.client.execute(statement, &all).await?)
    }

    /// Where to go on with a table, or with the files of a column.
    pub(crate) async fn progress(&self, name: &str) -> Result<Progress> {
        let known = "
            insert into lens.import_relations (import_id, relation) values ($1, $2)
            on conflict on constraint import_relations_pkey do update set updated_at = now()
            returning last_key::text, is_complete, rows_read
        ";
        let row = self.client.query_one(known, &[&self.import_id, &name]).await?;
        Ok(Progress { after: row.get(0), is_complete: row.get(1), read: row.get(2) })
    }

    /// Notes what came of the rows up to a place.
    pub(crate) async fn note(&self, name: &str, place: &str, counts: Counts) -> Result<()> {
        let note = "
            update lens.import_relations set
                last_key = $3::text::jsonb,
                rows_read = rows_read + $4,
                rows_taken = rows_taken + $5,
                rows_known = rows_known + $6,
                rows_refused = rows_refused + $7,
                updated_at = now()
            where import_id = $1 and relation = $2
        ";
        let Counts { read, taken, known, refused } = counts;
        self.execute(note, &[&name, &place, &read, &taken, &known, &refused]).await?;
        Ok(())
    }

    /// Notes that a table, or the files of a column, were read to the end.
    pub(crate) async fn complete(&self, name: &str) -> Result<()> {
        self.execute(
            "update lens.import_relations set is_complete = true where import_id = $1 and relation = $2",
            &[&name],
        )
        .await?;
        Ok(())
    }

    /// Does something within the transaction, or undoes it and says why rows were refused.
    pub(crate) async fn attempt<T>(
        &self,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<Result<T, String>> {
        self.client.batch_execute("savepoint attempt").await?;
        match work.await {
            Ok(done) => {
                self.client.batch_execute("release savepoint attempt").await?;
                Ok(Ok(done))
            }
            Err(error) => {
                let reason = refusal(error)?;
                self.client.batch_execute("rollback to savepoint attempt; release savepoint attempt").await?;
                Ok(Err(reason))
            }
        }
    }

    /// Lists a row that was refused, within the transaction.
    pub(crate) async fn list_problem(&self, name: &str, row: &Row, reason: &str) -> Result<()> {
        let list = "
            insert into lens.import_problems (import_id, relation, row_key, reason, source_row)
            values ($1, $2, $3, $4, $5::text::jsonb)
            on conflict on constraint import_problems_pkey do update set reason = excluded.reason, source_row = excluded.source_row
        ";
        let listed = |source_row: Option<String>| async move {
            self.client.execute(list, &[&self.import_id, &name, &row.key, &reason, &source_row]).await
        };
        if self.attempt(listed(Some(without_nul(&row.json)))).await?.is_err() {
            // What no jsonb can hold: the key still says which row of the source it is.
            listed(None).await?;
        }
        Ok(())
    }

    /// Lets the lens link what it could not while rows were still missing.
    pub(crate) async fn finish_import(&self) -> Result<()> {
        let finish = format!("{}.finish_import()", quote(self.lens.name));
        let exists: bool = self.client.query_one("select to_regprocedure($1) is not null", &[&finish]).await?.get(0);
        if !exists {
            return Ok(());
        }
        let progress = progress::Progress::start("links", 0, 0);
        self.begin().await?;
        // It goes through whole tables.
        self.client
            .batch_execute(&format!("set enable_seqscan = on; select {finish}; set enable_seqscan = off"))
            .await?;
        self.commit().await.with_context(|| format!("{finish} failed"))?;
        progress.finish("");
        Ok(())
    }

    /// Notes the end, or takes a dry run back.
    pub(crate) async fn close_import(&self) -> Result<()> {
        if self.dry_run {
            self.client.batch_execute("rollback").await?;
        } else {
            self.execute("update lens.imports set finished_at = now() where id = $1", &[]).await?;
        }
        Ok(())
    }
}

/// Why PostgreSQL refused a row; an error that is none of the row's is returned as it is.
fn refusal(error: tokio_postgres::Error) -> Result<String> {
    // 0A, 21, 22, 23: what the row holds. 44, P0, AT: what a view or a function says of it. 54: too large.
    const OF_ROWS: &[&str] = &["0A", "21", "22", "23", "44", "54", "AT", "P0"];
    match error.as_db_error() {
        Some(answer) if OF_ROWS.iter().any(|class| answer.code().code().starts_with(class)) => Ok(reason(answer)),
        Some(answer) => Err(anyhow::anyhow!("{} ({})", answer.message(), answer.code().code())),
        None => Err(error.into()),
    }
}

fn reason(answer: &DbError) -> String {
    let message = answer.message();
    match (answer.constraint(), answer.detail()) {
        (Some(constraint), _) if !message.contains(constraint) => format!("{message} ({constraint})"),
        // Of what cannot be read; of a violated constraint it tells the values, which would make each row's reason another.
        (None, Some(detail)) if answer.code().code().starts_with("22") => format!("{message}: {detail}"),
        _ => message.to_owned(),
    }
}

/// JSON whose `\u0000`, which `jsonb` cannot hold, is written out as the text `\u0000`.
fn without_nul(json: &str) -> String {
    let mut kept = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(position) = rest.find('\\') {
        kept.push_str(&rest[..position]);
        let escape = &rest[position..];
        let (written, length) =
            if escape.starts_with("\\u0000") { ("\\\\u0000", 6) } else { (&escape[..2.min(escape.len())], 2) };
        kept.push_str(written);
        rest = &escape[length.min(escape.len())..];
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::without_nul;

    #[test]
    fn only_an_escaped_nul_is_written_out() {
        assert_eq!(without_nul(r#"{"a":"x\u0000y"}"#), r#"{"a":"x\\u0000y"}"#);
        assert_eq!(without_nul(r#"{"a":"x\\u0000y\n"}"#), r#"{"a":"x\\u0000y\n"}"#);
        assert_eq!(without_nul(r#"{"a":"\\\u0000"}"#), r#"{"a":"\\\\u0000"}"#);
        assert_eq!(without_nul("plain"), "plain");
    }
}
