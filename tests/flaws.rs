//! The flaws of the older systems: each check fails on the document's own SQL, and passes here.

use std::sync::Arc;

use harness::{
    Person,
    database::{config, connect, create, create_migrated, url},
    json, pictures,
    server::Server,
    sql, together,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use shared::{config::DatabaseConfig, migrate};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_postgres::{Client, error::SqlState};
use tokio_rustls::TlsAcceptor;

/// What a check found out; the error says what is wrong.
type Verdict = Result<(), String>;

/// A database with the schema of a document: as printed where the documents are there, else as we wrote it down.
async fn document(prefix: &str, fixture: &str) -> String {
    let (owner, _) = create().await;
    let client = connect(&owner).await;
    let Some(document) = sql::document(prefix) else {
        client.batch_execute(fixture).await.expect("our own writing of the schema");
        return owner;
    };
    for statement in sql::blocks(&document).iter().flat_map(|block| sql::statements(block)) {
        let words = sql::words(&statement);
        if words.starts_with("CREATE ") && !words.starts_with("CREATE POLICY") && !words.contains("(...)") {
            client.batch_execute(&statement).await.unwrap_or_else(|error| panic!("{words}: {error:?}"));
        }
    }
    owner
}

async fn aio_document() -> String {
    document("004", include_str!("lenses/schemas/aio.sql")).await
}

async fn december_document() -> String {
    document("003", include_str!("lenses/schemas/december.sql")).await
}

/// A database of ours, to which one writes through this lens.
async fn lens(name: &str) -> String {
    let (owner, _) = create_migrated().await;
    let database = owner.rsplit('/').next().expect("a name").to_owned();
    connect(&url(None, &database))
        .await
        .batch_execute(&format!("alter database {database} set search_path = {name}, public"))
        .await
        .expect("it can be set");
    owner
}

/// A connection that gives up waiting for locks soon.
async fn impatient(url: &str) -> Client {
    let client = connect(url).await;
    client.batch_execute("set lock_timeout = '300ms'").await.expect("it can be set");
    client
}

fn expect_flaw(verdict: &Verdict) {
    assert!(verdict.is_err(), "the document's own SQL passes: the check finds nothing");
}

fn expect_sound(verdict: Verdict) {
    verdict.expect("it is sound here");
}

const ADA: &str = "018f0000-0000-7000-8000-00000000000a";
const CHAT: &str = "018f0000-0000-7000-8000-0000000000ac";

/// An account with a chat, in names that both aio and its lens have.
async fn add_ada(client: &Client) {
    client
        .batch_execute(&format!(
            "insert into users (id, email, first_name, last_name) values ('{ADA}', 'ada@example.com', 'Ada', 'L');
             insert into chat_sessions (id, user_id, title) values ('{CHAT}', '{ADA}', 'Chat')"
        ))
        .await
        .expect("an account");
}

/// The most rows that any step of the statement's plans handles, those of functions included.
async fn most_rows(client: &Client, statement: &str) -> f64 {
    fn largest(plan: &serde_json::Value) -> f64 {
        let number = |name: &str| plan[name].as_f64().unwrap_or(0.0);
        let children = plan["Plans"].as_array().map(Vec::as_slice).unwrap_or_default();
        children.iter().map(largest).fold(number("Actual Rows") * number("Actual Loops"), f64::max)
    }
    let row = client.query_one(&format!("explain (analyze, format json) {statement}"), &[]).await.expect("a plan");
    let plans: serde_json::Value = row.get(0);
    largest(&plans[0]["Plan"])
}

/// The statement inside of a function, with its parameters filled in.
async fn body(client: &Client, function: &str, values: &[(&str, &str)]) -> String {
    let row = client
        .query_one(
            "select prosrc from pg_proc where proname = $1 and pronamespace = current_schema()::regnamespace",
            &[&function],
        )
        .await
        .expect("the function");
    let source: String = row.get(0);
    let start = source.to_lowercase().find("select").expect("a query");
    let end = source[start..].find(';').map_or(source.len(), |end| start + end);
    values.iter().fold(source[start..end].to_owned(), |query, (name, value)| {
        // Whole words only: a parameter may be written with its function's name in front.
        query.replace(&format!("{function}.{name}"), value).replace(name, value)
    })
}

/// 30 chats with 10 messages each, 20 artifacts and 20 uses of tools are 370 rows, and nothing should handle many more.
async fn rows_do_not_explode(url: &str) -> Verdict {
    let client = connect(url).await;
    add_ada(&client).await;
    client
        .batch_execute(&format!(
            "insert into chat_sessions (user_id, title) select '{ADA}', 'Chat' from generate_series(2, 30);
             insert into messages (session_id, user_id, content)
             select chat_sessions.id, '{ADA}', 'Hello' from chat_sessions, generate_series(1, 10);
             insert into artifacts (user_id, tool_name, name, type, file_path)
             select '{ADA}', 'tool', 'a', 'code', '/a' from generate_series(1, 20);
             insert into tools_usage (user_id, tool_name, operation, status)
             select '{ADA}', 'tool', 'run', 'success' from generate_series(1, 20)"
        ))
        .await
        .expect("data");
    client.batch_execute("analyze").await.expect("statistics");
    let activity =
        body(&client, "get_user_activity", &[("p_user_id", &format!("'{ADA}'::uuid")), ("p_days", "30")]).await;
    for statement in [format!("select * from user_stats where id = '{ADA}'"), activity] {
        let row = client.query_one(&statement, &[]).await.expect("one row");
        let last = row.len() - 4;
        let counts: Vec<i64> = (last..row.len()).map(|column| row.get(column)).collect();
        assert_eq!(counts, [30, 300, 20, 20], "{statement}");
        let rows = most_rows(&client, &statement).await;
        if rows > 2000.0 {
            return Err(format!("{rows} rows are handled to count 370: {statement}"));
        }
    }
    Ok(())
}

#[tokio::test]
async fn statistics_do_not_multiply_their_joins() {
    expect_flaw(&rows_do_not_explode(&aio_document().await).await);
    expect_sound(rows_do_not_explode(&lens("aio").await).await);
}

/// While one transaction has added messages and not yet ended, another adds some to the same chat.
async fn writers_do_not_wait(url: &str) -> Verdict {
    let insert = format!("insert into messages (session_id, user_id, content) values ('{CHAT}', '{ADA}', 'Hello');");
    let inserts = insert.repeat(20);
    let mut first = connect(url).await;
    add_ada(&first).await;
    let transaction = first.transaction().await.expect("begins");
    transaction.batch_execute(&inserts).await.expect("the first messages");
    // Of the 16 slots of a counter, a connection may have the first one's by chance, but not eight of them.
    for _ in 0..8 {
        match impatient(url).await.batch_execute(&inserts).await {
            Ok(()) => return Ok(()),
            Err(error) => assert_eq!(error.code(), Some(&SqlState::LOCK_NOT_AVAILABLE), "{error}"),
        }
    }
    Err("a writer waits for another's message".to_owned())
}

#[tokio::test]
async fn writers_of_one_chat_do_not_wait_for_each_other() {
    expect_flaw(&writers_do_not_wait(&aio_document().await).await);
    expect_sound(writers_do_not_wait(&lens("aio").await).await);
}

const COPY_TO_ARCHIVE: &str =
    "insert into messages_archive select * from messages where created_at < current_date - interval '1 year'";
const DELETE_ARCHIVED: &str = "delete from messages where created_at < current_date - interval '1 year'";

/// Adds old messages to Ada's chat.
async fn add_old_messages(client: &Client, count: i32) {
    client
        .execute(
            &format!(
                "insert into messages (session_id, user_id, content, created_at)
                 select '{CHAT}', '{ADA}', 'Old', now() - interval '2 years' from generate_series(1, $1::integer)"
            ),
            &[&count],
        )
        .await
        .expect("old messages");
}

async fn count(client: &Client, query: &str) -> i64 {
    client.query_one(query, &[]).await.expect("a number").get(0)
}

/// Archiving leaves a chat's number of messages as it was, though the statements are the document's.
async fn archiving_does_not_uncount(url: &str) -> Verdict {
    let client = connect(url).await;
    add_ada(&client).await;
    add_old_messages(&client, 5).await;
    client.batch_execute(&format!("begin; {COPY_TO_ARCHIVE}; {DELETE_ARCHIVED}; commit")).await.expect("archives");
    match count(&client, "select message_count::bigint from chat_sessions").await {
        5 => Ok(()),
        other => Err(format!("a chat of 5 messages has {other} after archiving")),
    }
}

#[tokio::test]
async fn archiving_leaves_the_count_of_messages() {
    expect_flaw(&archiving_does_not_uncount(&aio_document().await).await);
    expect_sound(archiving_does_not_uncount(&lens("aio").await).await);
}

/// An archiving that broke off between its two statements is repeated.
async fn archiving_can_be_repeated(url: &str) -> Verdict {
    let client = connect(url).await;
    add_ada(&client).await;
    add_old_messages(&client, 5).await;
    client.batch_execute(COPY_TO_ARCHIVE).await.expect("the first half");
    client.batch_execute(COPY_TO_ARCHIVE).await.map_err(|error| format!("it cannot be repeated: {error}"))?;
    client.batch_execute(DELETE_ARCHIVED).await.expect("the second half");
    let kept = count(&client, "select (select count(*) from messages) + (select count(*) from messages_archive)").await;
    if kept == 5 { Ok(()) } else { Err(format!("of 5 messages there are {kept}")) }
}

#[tokio::test]
async fn an_archiving_that_broke_off_can_be_repeated() {
    expect_flaw(&archiving_can_be_repeated(&aio_document().await).await);
    expect_sound(archiving_can_be_repeated(&lens("aio").await).await);
}

/// A message that is stored while messages are archived is in one of the two places afterwards.
async fn archiving_loses_nothing(url: &str, halves: [&str; 2]) -> Verdict {
    let client = connect(url).await;
    add_ada(&client).await;
    add_old_messages(&client, 5).await;
    client.batch_execute("begin").await.expect("begins");
    client.batch_execute(halves[0]).await.expect("the first half");
    add_old_messages(&connect(url).await, 1).await;
    client.batch_execute(halves[1]).await.expect("the second half");
    client.batch_execute("commit").await.expect("commits");
    let kept = count(&client, "select (select count(*) from messages) + (select count(*) from messages_archive)").await;
    if kept == 6 { Ok(()) } else { Err(format!("of 6 messages there are {kept}")) }
}

#[tokio::test]
async fn archiving_loses_nothing_that_comes_meanwhile() {
    expect_flaw(&archiving_loses_nothing(&aio_document().await, [COPY_TO_ARCHIVE, DELETE_ARCHIVED]).await);
    let archive = "select public.archive_messages(current_date - interval '1 year')";
    expect_sound(archiving_loses_nothing(&lens("aio").await, [archive, archive]).await);
}

/// Every text that any table of the schemas holds and that contains this.
async fn texts_containing(client: &Client, schemas: &str, part: &str) -> Vec<String> {
    let columns = client
        .query(
            &format!(
                "select format('%I.%I', nspname, relname), attname::text
                 from pg_attribute
                 join pg_class on pg_class.oid = attrelid
                 join pg_namespace on pg_namespace.oid = relnamespace
                 where nspname in ({schemas}) and relkind = 'r' and attnum > 0 and not attisdropped
                   and atttypid in ('text'::regtype, 'varchar'::regtype, 'jsonb'::regtype, 'bytea'::regtype)"
            ),
            &[],
        )
        .await
        .expect("the catalogue");
    let mut found = Vec::new();
    for column in columns {
        let (table, name): (String, String) = (column.get(0), column.get(1));
        let query = format!(
            "select count(*) from {table} where position($1 in case when pg_typeof({name}) = 'bytea'::regtype
                 then encode({name}::text::bytea, 'escape') else {name}::text end) > 0"
        );
        if client.query_one(&query, &[&part]).await.expect("a number").get::<_, i64>(0) > 0 {
            found.push(format!("{table}.{name}"));
        }
    }
    found
}

async fn tokens_are_not_stored(url: &str) -> Verdict {
    let client = connect(url).await;
    client
        .batch_execute(
            "insert into users (email, name) values ('ada@example.com', 'Ada');
             insert into sessions (user_id, token, expires_at)
             select id, 'a-secret-token', now() + interval '1 day' from users",
        )
        .await
        .expect("a session");
    let name = url.rsplit('/').next().expect("a name");
    let behind = connect(&harness::database::url(None, name)).await;
    let found = texts_containing(&behind, "'public', 'lens'", "a-secret-token").await;
    if found.is_empty() { Ok(()) } else { Err(format!("the token stands in {found:?}")) }
}

#[tokio::test]
async fn session_tokens_are_stored_as_hashes_only() {
    expect_flaw(&tokens_are_not_stored(&december_document().await).await);
    expect_sound(tokens_are_not_stored(&lens("december").await).await);
}

/// No key stands in a statement, where logs and the list of running queries show it.
fn no_literal_keys(scripts: &[String]) -> Verdict {
    let functions = ["pgp_sym_encrypt", "pgp_sym_decrypt", "encrypt(", "decrypt("];
    match scripts.iter().find(|script| functions.iter().any(|function| script.to_lowercase().contains(function))) {
        Some(script) => Err(format!("encrypts in SQL: {}", sql::words(script))),
        None => Ok(()),
    }
}

#[test]
fn no_key_is_a_literal_in_sql() {
    let document = sql::document("004").map_or_else(
        || vec!["update users set email_encrypted = pgp_sym_encrypt(email, 'a key')".to_owned()],
        |document| sql::blocks(&document),
    );
    expect_flaw(&no_literal_keys(&document));
    let mut ours = Vec::new();
    for folder in ["migrations", "functions/src", "shared/src"] {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
        let mut folders = vec![root];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
                if entry.path().is_dir() {
                    folders.push(entry.path());
                } else {
                    ours.push(std::fs::read_to_string(entry.path()).expect("a text"));
                }
            }
        }
    }
    assert!(ours.len() > 50, "the sources were not found");
    expect_sound(no_literal_keys(&ours));
}

/// Row level security binds the owner too, and calls functions once a statement.
async fn row_level_security_is_whole(client: &Client, schema: &str) -> Verdict {
    let unforced = count(
        client,
        &format!(
            "select count(*) from pg_class
             where relnamespace = '{schema}'::regnamespace and relkind = 'r' and relrowsecurity and not relforcerowsecurity"
        ),
    )
    .await;
    if unforced > 0 {
        return Err(format!("{unforced} tables do not bind their owner"));
    }
    policies_call_once(client, schema).await
}

async fn policies_call_once(client: &Client, schema: &str) -> Verdict {
    let bare = count(
        client,
        &format!(
            r"select count(*) from pg_policies
              where schemaname = '{schema}'
                and regexp_replace(coalesce(qual, '') || coalesce(with_check, ''), 'SELECT auth\.', '', 'g') ~ 'auth\.'"
        ),
    )
    .await;
    if bare > 0 { Err(format!("{bare} policies call a function per row")) } else { Ok(()) }
}

#[tokio::test]
async fn row_level_security_is_forced_and_cheap() {
    let client = connect(&aio_document().await).await;
    client
        .batch_execute(
            "create schema auth; create function auth.uid() returns uuid language sql as 'select null::uuid';
             alter table users enable row level security;
             create policy user_is_owner on users for all using (auth.uid() = id)",
        )
        .await
        .expect("the document's policy");
    expect_flaw(&row_level_security_is_whole(&client, "public").await);
    expect_flaw(&policies_call_once(&client, "public").await);
    let (owner, _) = create_migrated().await;
    let client = connect(&owner).await;
    for schema in ["public", "lens"] {
        expect_sound(row_level_security_is_whole(&client, schema).await);
    }
}

/// A file in Drive refers to an artifact that exists, and goes with it.
async fn drive_files_follow_their_artifact(client: &Client, constraint: &str) -> Verdict {
    client.batch_execute(constraint).await.map_err(|error| format!("the foreign key cannot be made: {error}"))?;
    add_ada(client).await;
    client
        .batch_execute(&format!(
            "insert into artifacts (user_id, tool_name, name, type, file_path) values ('{ADA}', 'tool', 'a', 'code', '/a');
             insert into google_drive_files (user_id, artifact_id, drive_file_id, name)
             select user_id, id, 'drive-1', 'a' from artifacts"
        ))
        .await
        .expect("a file");
    let missing = format!(
        "insert into google_drive_files (user_id, artifact_id, drive_file_id, name)
         values ('{ADA}', gen_random_uuid(), 'drive-2', 'b')"
    );
    if client.batch_execute(&missing).await.is_ok() {
        return Err("a file refers to an artifact that does not exist".to_owned());
    }
    client.batch_execute("delete from artifacts").await.expect("deletes");
    match count(client, "select count(*) from google_drive_files").await {
        0 => Ok(()),
        left => Err(format!("{left} files are left of an artifact that is gone")),
    }
}

#[tokio::test]
async fn the_foreign_key_between_artifacts_and_drive_files_holds() {
    let of_the_document = "alter table artifacts add constraint fk_artifacts_google_drive
                           foreign key (id) references google_drive_files (artifact_id)";
    expect_flaw(&drive_files_follow_their_artifact(&connect(&aio_document().await).await, of_the_document).await);
    expect_sound(drive_files_follow_their_artifact(&connect(&lens("aio").await).await, "").await);
}

/// A counter says how many rows there are, and there are rows.
async fn counters_have_rows(client: &Client, counter: &str, table: &str, like: &str) -> Verdict {
    client.batch_execute(like).await.expect("a like");
    let rows = client.query_one(&format!("select count(*) from {table}"), &[]).await;
    let rows: i64 = rows.map_err(|error| format!("nothing is counted: {error}"))?.get(0);
    let counted = count(client, counter).await;
    if rows == counted { Ok(()) } else { Err(format!("{counted} are counted, {rows} are there")) }
}

#[tokio::test]
async fn likes_and_comments_are_more_than_numbers() {
    let (owner, _) = create().await;
    let client = connect(&owner).await;
    client.batch_execute(include_str!("lenses/schemas/storage.sql")).await.expect("the document's schema");
    for kind in ["likes", "comments"] {
        let change = format!("update artifacts set {kind}_count = coalesce({kind}_count, 0) + 1");
        let counter = format!("select coalesce(sum({kind}_count), 0)::bigint from artifacts");
        expect_flaw(&counters_have_rows(&client, &counter, &format!("artifact_{kind}"), &change).await);
    }
    let ada = Person::register().await;
    let artifact = ada.create_artifact("public", "text").await.id();
    let behind = harness::database::behind().await;
    for (kind, columns, values) in [("likes", "", ""), ("comments", ", body", ", 'Nice'")] {
        let add = format!(
            "insert into artifact_{kind} (artifact_id, user_id{columns})
             select '{artifact}', owner_user_id{values} from artifacts where id = '{artifact}'"
        );
        let counter =
            format!("select coalesce(sum({kind}), 0)::bigint from artifact_counts where artifact_id = '{artifact}'");
        let table = format!("artifact_{kind} where artifact_id = '{artifact}'");
        expect_sound(counters_have_rows(&behind, &counter, &table, &add).await);
    }
}

#[tokio::test]
async fn a_chat_has_one_project_whoever_asks_first() {
    // The document's way: look for the marker, and make a project where there is none.
    let look = "select count(*) from project where description = '[chat-thread:018f0000-0000-7000-8000-0000000000ac]'";
    let make = format!(
        "insert into project (id, name, description, owner_id, created_at)
         values (gen_random_uuid(), 'Project', '[chat-thread:{CHAT}]', '{ADA}', now())"
    );
    let person = format!(
        "insert into \"user\" (id, email, hashed_password, full_name, is_active, is_superuser, created_at)
         values ('{ADA}', 'ada@example.com', 'hash', 'Ada', true, false, now());
         insert into thread (id, title, user_id, created_at) values ('{CHAT}', 'Chat', '{ADA}', now())"
    );
    let (owner, _) = create().await;
    let clients = [connect(&owner).await, connect(&owner).await];
    clients[0].batch_execute(include_str!("lenses/schemas/craftlive.sql")).await.expect("the document's schema");
    clients[0].batch_execute(&person).await.expect("a thread");
    for client in &clients {
        client.batch_execute("begin").await.expect("begins");
    }
    for client in &clients {
        if count(client, look).await == 0 {
            client.batch_execute(&make).await.expect("a project");
        }
    }
    for client in &clients {
        client.batch_execute("commit").await.expect("commits");
    }
    assert_eq!(count(&clients[0], look).await, 2, "the document's own way makes one project: the check finds nothing");

    let owner = lens("craftlive").await;
    let client = connect(&owner).await;
    client.batch_execute(&person).await.expect("a thread");
    let calls = (0..20).map(|_| {
        let owner = owner.clone();
        async move {
            let resolve =
                format!("select craftlive.resolve_or_create_project_for_thread('{CHAT}', '{ADA}', 'Project')");
            connect(&owner).await.query_one(&resolve, &[]).await.expect("a project").get::<_, uuid::Uuid>(0)
        }
    });
    let mut projects = together(calls).await;
    projects.dedup();
    assert_eq!((projects.len(), count(&client, look).await), (1, 1));
}

/// Whether a client with these certificate authorities goes on with a server that shows tests/flaws/untrusted.pem.
async fn trusts(certificate_authorities: Option<String>) -> bool {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("flaws/untrusted.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("flaws/untrusted.key")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(vec![certificate], key))
        .expect("a server");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("postgres://someone:secret@localhost:{}/any", listener.local_addr().expect("an address").port());
    let handshake = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        // SSLRequest, and the answer that it may begin.
        stream.read_exact(&mut [0; 8]).await.expect("a request for TLS");
        stream.write_all(b"S").await.expect("answers");
        TlsAcceptor::from(Arc::new(server)).accept(stream).await.is_ok()
    });
    let config = DatabaseConfig { tls: true, certificate_authorities, ..config(url) };
    assert!(migrate::run(&config, &migrate::runner()).await.is_err(), "there is no database behind it");
    handshake.await.expect("no panic")
}

#[tokio::test]
async fn certificates_of_the_database_are_verified() {
    let authority = concat!(env!("CARGO_MANIFEST_DIR"), "/flaws/untrusted.pem").to_owned();
    assert!(trusts(Some(authority)).await, "a certificate that was said to be trusted is not: the check finds nothing");
    assert!(!trusts(None).await, "a certificate of nobody's is trusted");
}

/// A row says which bytes, never at which address.
async fn no_addresses(client: &Client) -> Verdict {
    let found = texts_containing(client, "'public'", "://").await;
    if found.is_empty() { Ok(()) } else { Err(format!("addresses stand in {found:?}")) }
}

#[tokio::test]
async fn rows_hold_storage_keys_and_no_urls() {
    let (owner, _) = create().await;
    let client = connect(&owner).await;
    client.batch_execute(include_str!("lenses/schemas/storage.sql")).await.expect("the document's schema");
    client
        .batch_execute("insert into profiles (user_id, handle, avatar_url) values (gen_random_uuid(), 'ada', 'https://s3.example.com/a.png?sig=1')")
        .await
        .expect("a profile");
    expect_flaw(&no_addresses(&client).await);

    let (_, functions) = create_migrated().await;
    let ada = Person::register_at(&Server::start(functions.clone()).url).await;
    let avatar = ada.upload("avatar", "image/png", &pictures::png(64, 64)).await.id();
    assert_eq!(ada.put("/v1/profiles/me/avatar", json!({"upload": avatar})).await.status, 200);
    let name = functions.rsplit('/').next().expect("a name").to_owned();
    expect_sound(no_addresses(&connect(&url(None, &name)).await).await);
}
