//! Row level security: what each actor may do to each row of each table of the catalogue, and that every policy counts.
//!
//! `policies/expected.txt` says who should reach which rows, `policies/fixtures.sql` has the rows, and
//! `policies/matrix.sql` asks the database. A new table needs rows among the fixtures, and lines in what is expected.

use std::{fs, path::Path};

use harness::database::behind;
use tokio_postgres::{Client, error::SqlState};

const EXPECTED: &str = include_str!("policies/expected.txt");

#[tokio::test]
async fn everyone_reaches_exactly_the_rows_they_may() {
    let client = session().await;
    let found = [matrix(&client).await, updatable_columns(&client).await].concat();
    let (head, expected): (Vec<&str>, Vec<&str>) = EXPECTED.lines().partition(|line| line.starts_with('#'));
    if found == expected {
        return;
    }
    let missing = expected.iter().filter(|line| !found.iter().any(|other| other == *line));
    let unexpected = found.iter().filter(|line| !expected.contains(&line.as_str()));
    let mut differences: Vec<(&str, char)> = missing.map(|line| (*line, '-')).collect();
    differences.extend(unexpected.map(|line| (line.as_str(), '+')));
    differences.sort_unstable();
    let differences: String = differences.iter().map(|(line, sign)| format!("{sign} {line}\n")).collect();
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("policies.txt");
    fs::write(&copy, format!("{}\n{}\n", head.join("\n"), found.join("\n"))).expect("it can be written");
    panic!(
        "not as in tests/policies/expected.txt:\n{differences}Where the database is right: \
         cp {} tests/policies/expected.txt",
        copy.display()
    );
}

#[tokio::test]
async fn no_policy_can_be_dropped_or_pass_all_rows_unnoticed() {
    let unnoticed = strings(&session().await, "select pg_temp.unnoticed()").await;
    assert!(
        unnoticed.is_empty(),
        "nothing changes after:\n{}\nAdd a row that the policy alone shows or hides to tests/policies/fixtures.sql, or \
         remove the policy.",
        unnoticed.join("\n")
    );
}

#[tokio::test]
async fn every_table_is_forced_and_shown_to_jobs_and_backups() {
    let client = session().await;
    let exposed = strings(
        &client,
        "select relation::text
         from tables
         join pg_class on pg_class.oid = relation
         where not (relrowsecurity and relforcerowsecurity)",
    )
    .await;
    assert!(exposed.is_empty(), "enable and force row level security for {exposed:?}");
    let missing = strings(
        &client,
        "select format('%s to %s', relation, role)
         from tables
         join pg_class on pg_class.oid = relation and relnamespace = 'public'::regnamespace
         cross join unnest(array['atelier_jobs', 'atelier_backup']::regrole[]) as role
         where not exists (select from pg_policy where polrelid = relation and role = any (polroles))",
    )
    .await;
    assert!(missing.is_empty(), "write policies for {missing:?}");
}

/// Media show their blobs to whoever sees the artifact: nobody shows themselves another's by naming it.
#[tokio::test]
async fn an_update_of_media_names_no_blob_of_others() {
    let client = session().await;
    for (blob, code) in [("bob_own", None), ("hidden", Some("42501"))] {
        let update = format!(
            "savepoint attempt;
             set local role atelier_api;
             select set_config('app.user_id', md5('bob')::uuid::text, true);
             update artifact_media set screenshot_blob_id = md5('{blob}')::uuid where artifact_id = md5('bob_private')::uuid"
        );
        let error = client.batch_execute(&update).await.err();
        assert_eq!(error.as_ref().and_then(tokio_postgres::Error::code).map(SqlState::code), code, "{error:?}");
        client.batch_execute("rollback to attempt").await.expect("undone");
    }
}

/// A function inside of `(select …)` is called once a statement, and not once a row.
#[tokio::test]
async fn no_policy_calls_a_function_for_each_row() {
    let called = strings(
        &session().await,
        r"select format('%s on %s: %s', policyname, tablename, condition)
          from pg_policies
          cross join unnest(array[qual, with_check]) as condition
          where regexp_replace(condition, '\( SELECT [a-z_.]+\(\) AS [a-z_]+\)', '', 'g') ~ '\w\(\)'",
    )
    .await;
    assert!(called.is_empty(), "write (select function()) in {called:#?}");
}

/// A superuser's session with the fixtures in place, in a transaction that is never committed.
async fn session() -> Client {
    let client = behind().await;
    // One at a time: they lock the same tables.
    client.batch_execute("begin; select pg_advisory_xact_lock(1)").await.expect("begins");
    client.batch_execute(include_str!("policies/matrix.sql")).await.expect("the functions can be made");
    client.batch_execute(include_str!("policies/fixtures.sql")).await.expect("the fixtures can be read");
    let strangers = strings(
        &client,
        "select distinct role::text
         from pg_policies
         cross join unnest(roles) as role
         where role not in (select role from actors)",
    )
    .await;
    assert!(strangers.is_empty(), "policies name {strangers:?}: add them to the actors of tests/policies/matrix.sql");
    let bare = strings(
        &client,
        "select relation::text
         from tables
         where key is null
            or relation not in (select relation from fixtures)
            or relation not in (select relation from attempts)",
    )
    .await;
    assert!(
        bare.is_empty(),
        "tests/policies/fixtures.sql needs rows for {bare:?}, which need a primary key: Ada's and Bob's, and new ones \
         that each actor tries to insert"
    );
    client.batch_execute("select pg_temp.load()").await.expect("the fixtures can be loaded");
    client
}

/// A line for each table and all who do the same to it.
async fn matrix(client: &Client) -> Vec<String> {
    strings(
        client,
        "select format(
             '%-22s | %-29s | %-36s | %-8s | %-30s | %s',
             relation, string_agg(actor, ' ' order by position), selected, inserted, updated, deleted
         )
         from (
             select
                 relation,
                 actor,
                 max(reached) filter (where command = 'select') as selected,
                 max(reached) filter (where command = 'insert') as inserted,
                 max(reached) filter (where command = 'update') as updated,
                 max(reached) filter (where command = 'delete') as deleted
             from pg_temp.matrix()
             group by relation, actor
         ) as pivoted
         join actors using (actor)
         group by relation, selected, inserted, updated, deleted
         order by relation::text collate \"C\", min(position)",
    )
    .await
}

/// A line for each table and role that may update some of its columns, or all, apart from the two that may update any.
async fn updatable_columns(client: &Client) -> Vec<String> {
    strings(
        client,
        "select format('%-22s | %-29s | may update %s', relation, string_agg(role, ' ' order by role), columns)
         from (
             select
                 relation,
                 role,
                 case when bool_and(may) then 'all' else string_agg(attname, ' ' order by attnum) filter (where may) end
                     as columns
             from tables
             join pg_attribute on attrelid = relation and attnum > 0 and not attisdropped
             cross join (select distinct role::text from actors where actor not in ('lenses', 'migrator')) as roles
             cross join lateral has_column_privilege(role, relation, attnum, 'update') as may
             group by relation, role
         ) as granted
         where columns is not null
         group by relation, columns
         order by relation::text collate \"C\", min(role)",
    )
    .await
}

/// The only column of what a query finds.
async fn strings(client: &Client, query: &str) -> Vec<String> {
    let rows = client.query(query, &[]).await.expect("the query works");
    rows.iter().map(|row| row.get(0)).collect()
}
