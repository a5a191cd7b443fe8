//! Rows that cannot be taken, and what must not come over.

use harness::Person;
use harness::database::{self, create_migrated};
use harness::server::Server;

use crate::source::Source;
use crate::{arguments, tool};

/// Who shares an address with another but for its case, or has none, comes over: that is legal in the document.
const BAD: &str = "
    insert into users (id, email, name) values
        ('00000000-0000-4000-8000-000000000001', 'ada@example.com', 'Ada'),
        ('00000000-0000-4000-8000-000000000002', 'ADA@example.com', 'Ada by another case'),
        ('00000000-0000-4000-8000-000000000003', 'nobody at all', 'No address');
    insert into containers (id, container_id, name, status, user_id) values
        ('00000000-0000-4000-8000-000000000011', 'good', 'Good', 'running', '00000000-0000-4000-8000-000000000002'),
        ('00000000-0000-4000-8000-000000000012', 'odd', 'Odd', 'paused', '00000000-0000-4000-8000-000000000001');
    insert into projects (id, container_id, name, user_id) values
        ('00000000-0000-4000-8000-000000000021', '00000000-0000-4000-8000-000000000011', 'Good', null),
        ('00000000-0000-4000-8000-000000000022', '00000000-0000-4000-8000-000000000012', 'In the odd one', null),
        ('00000000-0000-4000-8000-000000000023', null, 'x', '00000000-0000-4000-8000-000000000003');
    update projects set status = 'lost' where name = 'x';
    insert into chat_messages (id, container_id, session_id, role, content) values
        ('00000000-0000-4000-8000-000000000031', '00000000-0000-4000-8000-000000000011', 's', 'user', 'Hello'),
        ('00000000-0000-4000-8000-000000000032', '00000000-0000-4000-8000-000000000011', 's', 'wizard', 'Abracadabra'),
        ('00000000-0000-4000-8000-000000000033', '00000000-0000-4000-8000-000000000012', 's', 'user', 'In the odd one');
";

#[tokio::test]
async fn bad_rows_are_listed_each_with_its_reason_and_so_are_those_that_need_them() {
    let source = Source::create("december").await;
    source.client.batch_execute(BAD).await.expect("legal there");
    let (target, _) = create_migrated().await;
    let outcome = tool::run(&target, &arguments(&source)).await.expect(2);
    let importer = tool::importer(&target).await;
    let problems = "
        select relation || ' ' || right(row_key, 2), reason, source_row ->> 'id' = row_key
        from lens.import_problems order by 1
    ";
    let problems = importer.query(problems, &[]).await.expect("the book");
    let listed: Vec<(&str, &str)> = problems.iter().map(|row| (row.get(0), row.get(1))).collect();
    let expected = [
        ("chat_messages 32", "messages_role_check"),
        ("chat_messages 33", "container_id"),
        ("containers 12", "containers_status_check"),
        ("projects 22", "projects_container_id_fkey"),
        ("projects 23", "projects_status_check"),
    ];
    assert_eq!(listed.len(), expected.len(), "{listed:#?}");
    for ((row, reason), (expected_row, expected_reason)) in listed.iter().zip(expected) {
        assert!(*row == expected_row && reason.contains(expected_reason), "{row}: {reason}, not {expected_reason}");
        assert!(outcome.report.contains(reason), "{}", outcome.report);
    }
    assert!(problems.iter().all(|row| row.get::<_, bool>(2)), "each with its row");
    for (table, left) in [("users", 3), ("containers", 1), ("projects", 1), ("chat_messages", 1)] {
        let count = format!("select count(*) from december.{table}");
        assert_eq!(importer.query_one(&count, &[]).await.expect("a count").get::<_, i64>(0), left, "{table}");
    }

    // Mended in the source, they come with the next run.
    let mend = "
        update containers set status = 'stopped' where status = 'paused';
        update projects set status = 'archived' where status = 'lost';
        update chat_messages set role = 'assistant' where role = 'wizard';
    ";
    source.client.batch_execute(mend).await.expect("mended");
    let outcome = tool::run(&target, &arguments(&source)).await.expect(0);
    assert!(outcome.report.ends_with("Everything agrees.\n"), "{}", outcome.report);
    crate::expect_same(&source, &target).await;
}

#[tokio::test]
async fn tables_that_no_lens_has_are_named() {
    let source = Source::create("december").await;
    let tables = "
        create table invoices (id uuid primary key) partition by hash (id);
        create table invoices_0 partition of invoices for values with (modulus 1, remainder 0);
        create table \"Odd name\" (id integer)
    ";
    source.client.batch_execute(tables).await.expect("legal there");
    let (target, _) = create_migrated().await;
    let outcome = tool::run(&target, &arguments(&source)).await.expect(0);
    let note = "note: \"Odd name\", invoices of the source stays behind, all its rows: december has no such table";
    assert!(outcome.report.contains(note), "{}", outcome.report);
}

#[tokio::test]
async fn a_row_that_changed_since_is_reported_as_differing() {
    let source = Source::filled("december", 500).await;
    let (target, _) = create_migrated().await;
    let _ = tool::run(&target, &arguments(&source)).await.expect(0);
    source
        .client
        .batch_execute("update projects set name = 'Another', description = 'x' where name <> 'Another'")
        .await
        .expect("one");
    let outcome = tool::run(&target, &arguments(&source)).await.expect(2);
    assert!(outcome.report.contains("differs: description, name"), "{}", outcome.report);
    assert!(outcome.report.lines().any(|line| line.contains("projects") && line.ends_with('✗')), "{}", outcome.report);
}

#[tokio::test]
async fn json_that_the_database_cannot_hold_is_listed() {
    let source = Source::create("december").await;
    source
        .client
        .batch_execute(
            r#"alter table chat_messages alter metadata set default null, alter metadata type json;
               insert into chat_messages (session_id, role, content, metadata)
               values ('a', 'user', 'x', '{"a": "\u0000"}'), ('b', 'user', 'x', '{"a": 1, "a": 2.50}')"#,
        )
        .await
        .expect("legal there");
    let (target, _) = create_migrated().await;
    let outcome = tool::run(&target, &arguments(&source)).await.expect(2);
    assert!(outcome.report.contains("chat_messages, 1: unsupported Unicode escape sequence"), "{}", outcome.report);
    let kept = tool::importer(&target)
        .await
        .query_one("select source_row #>> '{metadata,a}' from lens.import_problems", &[])
        .await;
    assert_eq!(kept.expect("a row").get::<_, &str>(0), "\\u0000");
}

#[tokio::test]
async fn a_session_comes_over_without_its_token_and_goes_on_working() {
    const TOKEN: &str = "december-token-🙂-0123456789abcdef";
    const ASCII_TOKEN: &str = "december-token-0123456789abcdef";
    let source = Source::create("december").await;
    let rows = format!(
        "insert into users (id, email, name) values ('00000000-0000-4000-8000-000000000001', 'ada@example.com', 'Ada');
         insert into sessions (user_id, token, expires_at, is_active)
         select id, token, now() + interval '1 day', true from users, unnest(array['{TOKEN}', '{ASCII_TOKEN}']) as token;
         insert into sessions (user_id, token, expires_at, is_active)
         select id, 'expired-' || '{ASCII_TOKEN}', now() - interval '1 day', true from users"
    );
    source.client.batch_execute(&rows).await.expect("legal there");
    let (target, functions) = create_migrated().await;
    let outcome = tool::run(&target, &arguments(&source)).await.expect(0);
    assert!(!outcome.report.contains("december-token") && !outcome.said.contains("december-token"));

    let name = target.rsplit('/').next().expect("a name");
    let behind = database::connect(&database::url(None, name)).await;
    let columns = "
        select format('select count(*) from %I.%I where %I::text like ''%%december-token%%''', nspname, relname, attname)
        from pg_attribute
        join pg_class on pg_class.oid = attrelid and relkind = 'r'
        join pg_namespace on pg_namespace.oid = relnamespace and nspname not in ('pg_catalog', 'information_schema')
        where attnum > 0 and not attisdropped
    ";
    for search in behind.query(columns, &[]).await.expect("the catalogue") {
        let search: String = search.get(0);
        assert_eq!(behind.query_one(&search, &[]).await.expect("a count").get::<_, i64>(0), 0, "{search}");
    }

    let server = Server::start(functions);
    let mut ada = Person::anonymous_at(&server.url);
    ada.token = Some(ASCII_TOKEN.to_owned());
    let me = ada.get("/v1/users/me").await.expect(200);
    assert_eq!(me.json["email"], "ada@example.com");
    ada.token = Some(format!("expired-{ASCII_TOKEN}"));
    let _ = ada.get("/v1/users/me").await.expect_problem(401, "unauthenticated");
}
