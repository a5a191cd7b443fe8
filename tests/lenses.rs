//! The lenses run the statements that the documents of the older systems print.

use std::collections::BTreeSet;

use harness::{
    database::{connect, create_migrated, url},
    sql,
};
use tokio_postgres::Client;

/// The lenses' documents that print SQL, and our own statements that name the same things.
const STATEMENTS: &[(&str, &str, &str)] = &[
    ("december", "003", include_str!("lenses/statements/december.sql")),
    ("aio", "004", include_str!("lenses/statements/aio.sql")),
];

/// The documents that print functions, and our own writing of them.
const FUNCTIONS: &[(&str, &str, &str)] = &[
    ("december", "003", include_str!("lenses/schemas/december.sql")),
    ("aio", "004", include_str!("lenses/schemas/aio.sql")),
];

/// What runs otherwise through a lens, with the reason and what to run instead: a table in the documentation.
const EXCEPTIONS: &str = include_str!("../docs/lenses.md");

/// A statement that a lens does not run word for word.
struct Exception {
    lens: String,
    /// How it begins, its words separated by one space.
    beginning: String,
    /// What to run instead, if anything.
    instead: Option<String>,
}

/// The rows of the table in docs/lenses.md: lens, beginning, reason, instead.
fn exceptions() -> Vec<Exception> {
    let rows = EXCEPTIONS.lines().filter(|line| line.starts_with("| december |") || line.starts_with("| aio |"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [lens, beginning, reason, instead] = cells[..] else { panic!("four cells: {row}") };
        assert!(!reason.is_empty(), "{row}");
        let code = |cell: &str| Some(cell.strip_prefix('`')?.strip_suffix('`')?.to_owned());
        let beginning = code(beginning).expect("a statement");
        Exception { lens: lens.to_owned(), beginning, instead: code(instead) }
    })
    .collect()
}

/// Runs a statement with the lens's search path, and undoes what it did.
async fn run(client: &Client, lens: &str, statement: &str) -> Result<(), tokio_postgres::Error> {
    client.batch_execute(&format!("begin; set local search_path = {lens}, public")).await?;
    let result = client.batch_execute(statement).await;
    client.batch_execute("rollback").await?;
    result
}

/// A database with an account and what it made, so that statements find something.
async fn with_data() -> Client {
    let (owner, _) = create_migrated().await;
    let client = connect(&owner).await;
    client.batch_execute(include_str!("lenses/statements/data.sql")).await.expect("the lenses take the data");
    client
}

#[tokio::test]
async fn statements_of_the_documents_run_word_for_word() {
    let client = with_data().await;
    let exceptions = exceptions();
    for (lens, prefix, _) in STATEMENTS {
        let Some(document) = sql::document(prefix) else {
            eprintln!("skipped: no document {prefix}* in ../shared/seeds");
            continue;
        };
        let printed: Vec<String> = sql::blocks(&document).iter().flat_map(|block| sql::statements(block)).collect();
        assert!(printed.len() > 20, "{lens}: {} statements found", printed.len());
        let mut used = BTreeSet::new();
        for statement in &printed {
            let words = sql::words(statement);
            let exception =
                exceptions.iter().find(|exception| exception.lens == *lens && words.starts_with(&exception.beginning));
            let result = run(&client, lens, statement).await;
            match exception {
                None => {
                    if let Err(error) = result {
                        panic!("{lens}: {words}\n{error:?}\nmake it run, or list it in docs/lenses.md");
                    }
                }
                Some(exception) => {
                    assert!(result.is_err(), "{lens}: {words}\nruns by now: take it out of docs/lenses.md");
                    used.insert(&exception.beginning);
                }
            }
        }
        for exception in exceptions.iter().filter(|exception| exception.lens == *lens) {
            assert!(used.contains(&exception.beginning), "{lens} prints no {:?}", exception.beginning);
        }
    }
}

#[tokio::test]
async fn what_to_run_instead_runs() {
    let client = with_data().await;
    for exception in exceptions() {
        if let Some(instead) = &exception.instead {
            let result = run(&client, &exception.lens, instead).await;
            assert!(result.is_ok(), "{}: {instead}\n{result:?}", exception.lens);
        }
    }
}

/// A script that makes the documents' functions anew, as their owner may, takes nothing from the lens.
#[tokio::test]
async fn functions_that_are_made_anew_break_nothing() {
    let client = with_data().await;
    for (lens, prefix, schema) in FUNCTIONS {
        client.batch_execute(&format!("set search_path = {lens}, public")).await.expect("the lens");
        let printed = sql::document(prefix).map(|document| sql::blocks(&document).join("\n"));
        let script = printed.unwrap_or_else(|| schema.replace("create function", "create or replace function"));
        let functions: Vec<String> = sql::statements(&script)
            .into_iter()
            .filter(|statement| sql::words(statement).to_lowercase().starts_with("create or replace function"))
            .collect();
        assert!(!functions.is_empty(), "{lens} has functions");
        for function in functions {
            client.batch_execute(&function).await.unwrap_or_else(|error| panic!("{function}\n{error:?}"));
        }
    }
    let changes = "
        set search_path = aio, public;
        insert into messages (session_id, content) select id, 'kept' from chat_sessions where title = 'Chat';
        update messages set content = 'kept as well' where content = 'New';
        delete from messages where content = 'Old';
        update december.containers set name = 'Renamed' where container_id = 'docker-1'
    ";
    client.batch_execute(changes).await.expect("the lenses still work");
    let row = client
        .query_one(
            "select
                 (select array_agg(content order by content) from messages join chat_sessions on chat_sessions.id = session_id
                  where title = 'Chat'),
                 (select message_count from chat_sessions where title = 'Chat'),
                 (select messages_count from user_stats where email = 'aio@example.com'),
                 (select messages_count from get_user_activity((select id from users where email = 'aio@example.com'))),
                 (select updated_at > created_at from december.containers where name = 'Renamed')",
            &[],
        )
        .await
        .expect("one row");
    assert_eq!(row.get::<_, Vec<String>>(0), ["kept", "kept as well"]);
    assert_eq!((row.get::<_, i32>(1), row.get::<_, i64>(2), row.get::<_, i64>(3)), (2, 2, 2));
    assert!(row.get::<_, bool>(4), "the lens still keeps updated_at");
}

/// As at each sign-in by an older system's code.
#[tokio::test]
async fn an_account_is_found_by_its_address_without_reading_all() {
    let (owner, _) = create_migrated().await;
    let client = connect(&url(None, owner.rsplit('/').next().expect("a name"))).await;
    let insert = "insert into users (email) select format('%s@example.com', n) from generate_series(1, 20000) as n";
    client.batch_execute(insert).await.expect("accounts");
    client.batch_execute("analyze users; set role atelier_reader").await.expect("they are counted");
    for (table, index) in [
        ("craftlive.user", "users_craftlive_email_idx"),
        ("december.users", "users_december_email_idx"),
        ("aio.users", "users_aio_email_idx"),
    ] {
        let explain = format!("explain select * from {table} where email = '7@example.com'");
        let plan: Vec<String> =
            client.query(&explain, &[]).await.expect("a plan").iter().map(|row| row.get(0)).collect();
        assert!(plan.iter().any(|line| line.contains(index)), "{table}: {plan:#?}");
    }
}

/// Where the documents are absent, this covers the names in them.
#[tokio::test]
async fn everyday_statements_run() {
    let client = with_data().await;
    for (lens, _, script) in STATEMENTS {
        for statement in sql::statements(script) {
            let result = run(&client, lens, &statement).await;
            assert!(result.is_ok(), "{lens}: {statement}\n{result:?}");
        }
    }
}
