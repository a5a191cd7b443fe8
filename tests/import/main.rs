//! `cargo xtask import`: databases of all five documents come over whole, whatever happens on the way.

mod compare;
mod files;
mod refusals;
mod served;
mod source;
mod tool;

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use harness::database::{self, create_migrated};
use harness::sql;

use crate::source::Source;

/// Rows of the largest table.
const ROWS: u32 = 100_000;

/// The same where an import is killed: what matters is when, and not how much.
const ROWS_TO_KILL: u32 = 10_000;

/// How often an import is killed.
const KILLS: u32 = 10;

/// The schema that stands for a document.
fn lens(document: &'static str) -> &'static str {
    if document == "canonical" { "storage" } else { document }
}

fn arguments(source: &Source) -> [&str; 4] {
    ["--from", source.document, "--source", &source.reader_url]
}

/// Every value of every table is found again, by the import and by ourselves.
async fn expect_same(source: &Source, target: &str) {
    for table in source.tables().await {
        let differences = compare::differences(source, &table, lens(source.document), target).await;
        assert!(differences.is_empty(), "{}.{table}:\n{}", source.document, differences.join("\n"));
    }
}

async fn comes_over_whole(document: &'static str) {
    let source = Source::filled(document, ROWS).await;
    let (target, _) = create_migrated().await;
    let outcome = tool::run(&target, &arguments(&source)).await.expect(0);
    eprintln!("{}{}", outcome.said, outcome.report);
    assert!(outcome.report.ends_with("Everything agrees.\n"), "{}", outcome.report);
    expect_same(&source, &target).await;
    for (relation, counts) in tool::noted(&target).await {
        let rows = source.count(&relation).await;
        assert_eq!(counts, [rows, rows, 0, 0], "{relation}: read, taken, known, refused");
    }
    let _ = tool::run(&target, &arguments(&source)).await.expect(0);
    for (relation, counts) in tool::noted(&target).await {
        let rows = source.count(&relation).await;
        assert_eq!(counts, [rows, 0, rows, 0], "{relation}, again: read, taken, known, refused");
    }
}

async fn survives_being_killed(document: &'static str) {
    let source = Source::filled(document, ROWS_TO_KILL).await;
    // Small batches, so that each run comes some way.
    let mut arguments = arguments(&source).to_vec();
    arguments.extend(["--batch", "250"]);
    let (calm, _) = create_migrated().await;
    let started = Instant::now();
    let _ = tool::run(&calm, &arguments).await.expect(0);
    // On average they come two thirds of the way.
    let mut patience = started.elapsed() * 4 / 3 / KILLS;
    let target = loop {
        let (target, _) = create_migrated().await;
        if kill_often(&target, &arguments, patience).await {
            break target;
        }
        // It was done before the last kill.
        patience /= 2;
    };
    let _ = tool::run(&target, &arguments).await.expect(0);
    assert_eq!(tool::noted(&target).await, tool::noted(&calm).await, "{document}");
    expect_same(&source, &target).await;
}

/// Kills an import at random moments; false where it came to its end.
async fn kill_often(target: &str, arguments: &[&str], patience: Duration) -> bool {
    for _ in 0..KILLS {
        let mut import = tool::start(target, arguments);
        let share = f64::from(u32::from(uuid::Uuid::new_v4().as_bytes()[0])) / 255.0;
        tokio::time::sleep(patience.mul_f64(share)).await;
        import.kill().expect("it can be killed");
        if import.wait().expect("it ends").signal().is_none() {
            return false;
        }
    }
    true
}

macro_rules! documents {
    ($($name:ident),*) => {
        mod whole {
            $(
                #[tokio::test]
                async fn $name() {
                    super::comes_over_whole(stringify!($name)).await;
                }
            )*
        }

        mod killed {
            $(
                #[tokio::test]
                async fn $name() {
                    super::survives_being_killed(stringify!($name)).await;
                }
            )*
        }
    };
}

documents!(storage, canonical, craftlive, december, aio);

#[tokio::test]
async fn a_dry_run_reports_and_leaves_nothing() {
    let source = Source::filled("december", 2_000).await;
    let (target, _) = create_migrated().await;
    let mut dry = arguments(&source).to_vec();
    dry.push("--dry-run");
    let outcome = tool::run(&target, &dry).await.expect(0);
    assert!(outcome.report.contains("Tried, and took back, december"), "{}", outcome.report);
    assert!(outcome.report.ends_with("Everything agrees.\n"), "{}", outcome.report);
    let name = target.rsplit('/').next().expect("a name");
    let behind = database::connect(&database::url(None, name)).await;
    let tables = "
        select format('select count(*) from %s', oid::regclass) from pg_class
        where relkind = 'r' and relnamespace in ('public'::regnamespace, 'lens'::regnamespace)
          and relname not in ('refinery_schema_history', 'retention_policies')
    ";
    for count in behind.query(tables, &[]).await.expect("the catalogue") {
        let count: String = count.get(0);
        let rows: i64 = behind.query_one(&count, &[]).await.expect("a count").get(0);
        assert_eq!(rows, 0, "{count}");
    }
}

#[tokio::test]
async fn a_second_importer_of_a_lens_is_turned_away() {
    let source = Source::create("december").await;
    let (target, _) = create_migrated().await;
    let first = database::connect(&target).await;
    first.batch_execute("select pg_advisory_lock(hashtextextended('import into december', 0))").await.expect("a lock");
    let outcome = tool::run(&target, &arguments(&source)).await.expect(1);
    assert!(outcome.said.contains("another import into december"), "{}", outcome.said);
    assert_eq!(outcome.said.lines().count(), 1, "{}", outcome.said);
    first.batch_execute("select pg_advisory_unlock_all()").await.expect("unlocked");
    let _ = tool::run(&target, &arguments(&source)).await.expect(0);
}

#[tokio::test]
async fn what_cannot_work_is_said_in_one_line() {
    let source = Source::create("december").await;
    let (target, _) = create_migrated().await;
    let away = "postgres://nobody:hush@127.0.0.1:1/nowhere";
    for (target, from, url, expected) in [
        (target.as_str(), "storage", source.reader_url.as_str(), "has none of the tables of storage"),
        (target.as_str(), "december", away, "no connection to the source, 127.0.0.1:1/nowhere"),
        (away, "december", source.reader_url.as_str(), "no connection to the target"),
        (target.as_str(), "december", "postgres", "the source's URL cannot be read"),
        (source.reader_url.as_str(), "december", source.reader_url.as_str(), "the target is not migrated"),
    ] {
        let outcome = tool::run(target, &["--from", from, "--source", url]).await;
        let outcome = outcome.expect(1);
        assert!(outcome.said.contains(expected) && outcome.said.lines().count() == 1, "{}", outcome.said);
        assert!(!outcome.said.contains("hush"), "a password is shown: {}", outcome.said);
    }
}

/// What aio counts of its odd rows, archived ones among them, it counts here.
#[tokio::test]
async fn statistics_are_those_of_the_source() {
    let source = Source::filled("aio", 3_000).await;
    // Our own writing of the schema has them from the start.
    let printed = sql::document("004").unwrap_or_default();
    for statement in sql::blocks(&printed).iter().flat_map(|block| sql::statements(block)) {
        let words = sql::words(&statement).to_lowercase();
        if words.contains("view user_stats") || words.contains("function get_user_activity") {
            source.client.batch_execute(&statement).await.expect("the document's own");
        }
    }
    let (target, _) = create_migrated().await;
    let _ = tool::run(&target, &arguments(&source)).await.expect(0);
    let importer = tool::importer(&target).await;
    importer.batch_execute("set search_path = aio").await.expect("the lens");
    source.client.batch_execute("set timezone = 'UTC'").await.expect("it can be set");
    for query in [
        "select to_jsonb(user_stats)::text from user_stats order by id",
        "select to_jsonb(activity)::text
         from users
         cross join unnest(array[0, 30, 10000, 20000, null]) as days
         cross join lateral get_user_activity(users.id, days) as activity
         order by users.id, days",
    ] {
        let texts = |rows: Vec<tokio_postgres::Row>| rows.iter().map(|row| row.get(0)).collect::<Vec<String>>();
        let given = texts(source.client.query(query, &[]).await.expect("the document's numbers"));
        let shown = texts(importer.query(query, &[]).await.expect("the lens's numbers"));
        assert!(given.len() > 100, "{query}");
        let differing: Vec<_> = given.iter().zip(&shown).filter(|(given, shown)| given != shown).take(5).collect();
        assert!(given.len() == shown.len() && differing.is_empty(), "{differing:#?}");
    }
}

/// The backend has accounts and projects, the frontend threads and messages; what links them is text.
#[tokio::test]
async fn two_databases_of_craftlive_come_together() {
    let whole = Source::filled("craftlive", 1_000).await;
    let (backend, frontend) = (Source::create("craftlive").await, Source::create("craftlive").await);
    backend
        .client
        .batch_execute("drop table thread, message, message_attachment, message_artifact")
        .await
        .expect("gone");
    frontend
        .client
        .batch_execute(r#"drop table "user", project, generation_run, artifact_record, document, item cascade"#)
        .await
        .expect("gone");
    for source in [&backend, &frontend] {
        for table in source.tables().await {
            copy(&whole, source, &table).await;
        }
    }
    let (target, _) = create_migrated().await;
    for source in [&backend, &frontend, &backend] {
        let outcome = tool::run(&target, &arguments(source)).await.expect(0);
        assert!(outcome.report.contains("note: the source has no "), "{}", outcome.report);
    }
    expect_same(&whole, &target).await;
    let name = target.rsplit('/').next().expect("a name");
    let behind = database::connect(&database::url(None, name)).await;
    let linked = "select count(*) from projects where chat_id is not null";
    assert!(behind.query_one(linked, &[]).await.expect("a count").get::<_, i64>(0) > 100, "projects know their chats");
}

async fn copy(from: &Source, to: &Source, table: &str) {
    let rows = format!("select coalesce(json_agg(whole), '[]')::text from \"{table}\" as whole");
    let rows: String = from.client.query_one(&rows, &[]).await.expect("rows").get(0);
    let insert =
        format!("insert into \"{table}\" select * from json_populate_recordset(null::\"{table}\", $1::text::json)");
    to.client.batch_execute("set session_replication_role = replica").await.expect("a superuser");
    to.client.execute(&insert, &[&rows]).await.expect("the same table");
}
