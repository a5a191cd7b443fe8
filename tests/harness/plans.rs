//! What PostgreSQL does for a statement, and for those inside of the functions that it calls.

use std::{future::poll_fn, sync::mpsc};

use serde_json::Value;
use shared::Sql;
use tokio_postgres::{AsyncMessage, Client, NoTls};
use uuid::Uuid;

use crate::database::{self, LOGIN};

/// Runs statements as a function would, under row level security, and reads their plans.
pub struct Planner {
    client: Client,
    notices: mpsc::Receiver<String>,
}

/// A table or an index that was read.
#[derive(Debug)]
pub struct Scan {
    /// `Index Scan`, `Seq Scan` and so on.
    pub node: String,
    /// The table; empty for a scan of an index alone, whose table another node reads.
    pub table: String,
    /// The index, if one was used.
    pub index: String,
    /// Rows that it gave or looked at in vain.
    pub rows: f64,
}

impl Planner {
    /// On a database that was made for it.
    ///
    /// # Panics
    /// Where the server does not have `auto_explain`.
    pub async fn on(database: &str) -> Self {
        let (client, mut connection) =
            tokio_postgres::connect(&database::url(None, database), NoTls).await.expect("the test server answers");
        let (sender, notices) = mpsc::channel();
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notice(notice) = message {
                    let _ = sender.send(notice.message().to_owned());
                }
            }
        });
        client
            .batch_execute(&format!(
                "load 'auto_explain';
                 set auto_explain.log_min_duration = 0;
                 set auto_explain.log_nested_statements = on;
                 set auto_explain.log_analyze = on;
                 set auto_explain.log_timing = off;
                 set auto_explain.log_format = json;
                 set plan_cache_mode = force_generic_plan;
                 set client_min_messages = log;
                 set role {LOGIN}"
            ))
            .await
            .expect("plans can be had");
        Self { client, notices }
    }

    /// Everything that was read to answer a statement of this person, or of nobody.
    ///
    /// # Panics
    /// Where the statement fails.
    pub async fn scans(&self, caller: Option<Uuid>, statement: &Sql) -> Vec<Scan> {
        self.scans_within(caller, statement, "commit").await
    }

    /// [`Self::scans`] of a statement that is not whole without those that follow it: it is undone.
    ///
    /// # Panics
    /// Where the statement fails.
    pub async fn scans_of_part(&self, caller: Option<Uuid>, statement: &Sql) -> Vec<Scan> {
        self.scans_within(caller, statement, "rollback").await
    }

    async fn scans_within(&self, caller: Option<Uuid>, statement: &Sql, end: &str) -> Vec<Scan> {
        let caller = caller.map(|id| id.to_string()).unwrap_or_default();
        self.client.query("select set_config('app.user_id', $1, false)", &[&caller]).await.expect("an identity");
        let prepared = self.client.prepare(statement.text()).await.expect("a statement");
        self.client.batch_execute("begin").await.expect("begins");
        let _ = self.notices.try_iter().count();
        self.client.query(&prepared, &statement.values()).await.expect("it works");
        self.client.batch_execute(end).await.expect("ends");
        let mut scans = Vec::new();
        for notice in self.notices.try_iter() {
            let plan = notice.split_once("plan:\n").map(|(_, plan)| plan).unwrap_or_default();
            collect(&serde_json::from_str::<Value>(plan).unwrap_or_default()["Plan"], &mut scans);
        }
        assert!(!scans.is_empty(), "no plan came");
        scans
    }
}

/// A database of its own with these rows, by table, and who runs statements there.
///
/// # Panics
/// Where that fails.
pub async fn filled(rows: &[(&str, &str)]) -> (Client, Planner) {
    let (_, functions) = database::create_migrated().await;
    let name = functions.rsplit('/').next().expect("a name");
    let client = database::connect(&database::url(None, name)).await;
    for (table, insert) in rows {
        fill(&client, table, insert).await;
    }
    client.batch_execute("vacuum analyze").await.expect("works");
    let planner = Planner::on(name).await;
    (client, planner)
}

/// Fills a table without its triggers; its indexes are built at the end, which is quicker.
async fn fill(client: &Client, table: &str, insert: &str) {
    let indexes = "select format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
        from pg_index
        where indrelid = $1::text::regclass and not exists (select from pg_constraint where conindid = indexrelid)";
    let indexes = client.query(indexes, &[&table]).await.expect("the catalogue");
    let mut script: Vec<&str> = indexes.iter().map(|index| index.get(0)).collect();
    script.push(insert);
    script.extend(indexes.iter().map(|index| index.get::<_, &str>(1)));
    client.batch_execute(&format!("set session_replication_role = replica; {}", script.join("; "))).await.expect(table);
}

fn collect(node: &Value, scans: &mut Vec<Scan>) {
    let text = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
    let number = |name: &str| node[name].as_f64().unwrap_or_default();
    let (table, index) = (text("Relation Name"), text("Index Name"));
    if !table.is_empty() || !index.is_empty() {
        let rows = number("Actual Rows") + number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
        scans.push(Scan { node: text("Node Type"), table, index, rows: rows * number("Actual Loops") });
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        collect(child, scans);
    }
}

/// Makes sure that a page was found by an index, and that no table was read through, nor much of one looked at in vain.
///
/// # Panics
/// Where that is not so.
pub fn expect_index(what: &str, scans: &[Scan], index: &str, most_rows: f64) {
    let read = |scan: &&Scan| scan.rows > 0.0;
    assert!(scans.iter().any(|scan| scan.index == index), "{what} does not use {index}: {scans:#?}");
    for scan in scans.iter().filter(read) {
        assert!(scan.node != "Seq Scan", "{what} reads a table through: {scan:?}");
        assert!(scan.rows <= most_rows, "{what} reads more than it needs: {scan:?}");
    }
}
