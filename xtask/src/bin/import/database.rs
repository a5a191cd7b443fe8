//! A source that is a database, read in one snapshot: references between its tables hold even while it is being used.

use std::pin::pin;
use std::rc::Rc;

use anyhow::{Context, Result, ensure};
use futures_util::TryStreamExt;
use tokio::sync::mpsc::Sender;
use tokio_postgres::{Client, Row as PostgresRow};

use crate::connect::connect;
use crate::lenses::Relation;
use crate::source::{Batch, Column, Row, Scan, Table};

/// Rows of one query. They are streamed; it is here so that a place in the order is looked up by the key's index.
const PAGE: usize = 20_000;

/// How the session works: it cannot write even where the login could, and times have no zone but UTC.
const SETTINGS: &str = "
    set default_transaction_read_only = on;
    set timezone = 'UTC';
    set datestyle = 'ISO';
    set extra_float_digits = 3;
    set statement_timeout = 0;
    set idle_in_transaction_session_timeout = 0;
    begin isolation level repeatable read read only
";

/// A database of an older system.
pub(crate) struct Database {
    client: Client,
    place: String,
}

impl Database {
    /// Connects, and takes the snapshot.
    pub(crate) async fn connect(url: &str) -> Result<Self> {
        let (client, place) = connect("source", url).await?;
        client.batch_execute(SETTINGS).await.context("the source's session cannot be set up")?;
        Ok(Self { client, place })
    }

    /// Host, port and database.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The table behind a view with these columns, where there is one.
    pub(crate) async fn table(&self, relation: &'static Relation, known: Vec<String>) -> Result<Option<Table>> {
        let Some(source_name) = self.find(relation).await? else { return Ok(None) };
        let columns = self.client.query(COLUMNS, &[&source_name]).await?;
        let names: Vec<&str> = columns.iter().map(|column| column.get(0)).collect();
        ensure!(names.contains(&relation.key), "{source_name} of the source has no column {}", relation.key);
        let (taken, unknown): (Vec<_>, Vec<_>) =
            columns.iter().partition(|column| known.iter().any(|known| known == column.get::<_, &str>(0)));
        let order = relation.before_key.iter().chain([&relation.key]);
        let order = order.filter_map(|name| columns.iter().find(|column| column.get::<_, &str>(0) == *name));
        let count = format!("select count(*) from {source_name}");
        let rows: i64 =
            self.client.query_one(&count, &[]).await.with_context(|| format!("{source_name} of the source"))?.get(0);
        Ok(Some(Table {
            relation,
            columns: taken.iter().map(|column| selected(relation, column)).collect(),
            lacking: known.iter().filter(|known| !names.contains(&known.as_str())).cloned().collect(),
            unknown: unknown.iter().map(|column| column.get(0)).collect(),
            order: order.map(ordered).collect(),
            rows: rows.try_into()?,
            source_name,
        }))
    }

    /// All tables, quoted.
    pub(crate) async fn names(&self) -> Result<Vec<String>> {
        let rows = self.client.query(TABLES, &[]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The relation's table, quoted, under the first of its names that exists.
    async fn find(&self, relation: &Relation) -> Result<Option<String>> {
        for name in [relation.name].iter().chain(relation.aliases) {
            let found = self.client.query_one("select to_regclass(quote_ident($1))::text", &[name]).await?;
            if let Some(found) = found.get(0) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Reads pages by key, and hands their rows on in batches.
    pub(crate) async fn read(&self, scan: Scan<'_>, batches: Sender<Batch>) -> Result<()> {
        let columns = scan.columns();
        let names = Rc::new(columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>());
        let mut after = scan.after.clone();
        loop {
            let query = page(scan.table, &columns, after.is_some());
            let rows = self.client.query_raw(&query, after.as_ref()).await;
            let mut rows = pin!(rows.with_context(|| format!("{} of the source", scan.table.source_name))?);
            let (mut read, mut bytes) = (0, 0);
            let mut batch = Batch { columns: Rc::clone(&names), rows: Vec::new() };
            while let Some(row) = rows.try_next().await? {
                let row = Row { key: row.try_get(0)?, place: row.try_get(1)?, json: row.try_get(2)? };
                after = Some(row.place.clone());
                read += 1;
                bytes += row.json.len();
                batch.rows.push(row);
                if batch.is_full(scan.batch, bytes) {
                    bytes = 0;
                    let rows = std::mem::take(&mut batch.rows);
                    // Nobody listens any more: the other side failed, and says why.
                    if batches.send(Batch { columns: Rc::clone(&names), rows }).await.is_err() {
                        return Ok(());
                    }
                }
            }
            if !batch.rows.is_empty() && batches.send(batch).await.is_err() || read < PAGE {
                return Ok(());
            }
        }
    }
}

/// What is found without a schema's name, and is no part of another table.
const TABLES: &str = r#"
    select pg_class.oid::regclass::text
    from pg_class
    where relkind in ('r', 'p')
      and not relispartition
      and relnamespace <> 'pg_catalog'::regnamespace
      and pg_table_is_visible(pg_class.oid)
    order by pg_class.oid::regclass::text collate "C"
"#;

/// A table's columns: name, type, whether null is impossible.
const COLUMNS: &str = "
    select attname::text, format_type(atttypid, null), attnotnull
    from pg_attribute
    where attrelid = $1::text::regclass and attnum > 0 and not attisdropped
    order by attnum
";

/// What is selected for a column. JSON stays what it is, since not all of it can be `jsonb`: the target says which.
fn selected(relation: &Relation, column: &PostgresRow) -> Column {
    let name: String = column.get(0);
    let quoted = format!("page.{}", quote(&name));
    let expression = if relation.secrets.contains(&name.as_str()) {
        format!("'sha256:' || encode(sha256(convert_to({quoted}, 'UTF8')), 'hex')")
    } else if column.get::<_, &str>(1) == "timestamp without time zone" {
        format!("{quoted} at time zone 'UTC'")
    } else {
        quoted
    };
    Column { name, expression }
}

/// What to order by: nulls come last, which a comparison of rows knows nothing of.
fn ordered(column: &PostgresRow) -> (String, String) {
    let quoted = format!("page.{}", quote(column.get(0)));
    let (sql_type, is_not_null): (String, bool) = (column.get(1), column.get(2));
    let last = match sql_type.as_str() {
        "uuid" => "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
        "smallint" => "32767",
        "integer" => "2147483647",
        "bigint" => "9223372036854775807",
        _ => "''",
    };
    let expression = if is_not_null { quoted } else { format!("coalesce({quoted}, {last})") };
    (expression, sql_type)
}

/// The query of one page: each row's key, place and columns.
fn page(table: &Table, columns: &[&Column], is_after: bool) -> String {
    let order: Vec<&str> = table.order.iter().map(|(expression, _)| expression.as_str()).collect();
    let place: Vec<String> = order.iter().map(|expression| format!("({expression})::text")).collect();
    let selected: Vec<String> =
        columns.iter().map(|column| format!("{} as {}", column.expression, quote(&column.name))).collect();
    let last: Vec<String> = table
        .order
        .iter()
        .enumerate()
        .map(|(index, (_, sql_type))| format!("($1::text::json ->> {index})::{sql_type}"))
        .collect();
    let (order, place) = (order.join(", "), place.join(", "));
    let after = if is_after { format!("where ({order}) > ({})", last.join(", ")) } else { String::new() };
    format!(
        "select page.{key}::text, json_build_array({place})::text, row_to_json(columns)::text
         from (select * from {name} as page {after} order by {order} limit {PAGE}) as page
         cross join lateral (select {selected}) as columns
         order by {order}",
        key = quote(table.relation.key),
        name = table.source_name,
        selected = selected.join(", "),
    )
}

/// A name as SQL writes it, whatever is in it.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
