//! Migrations apply once however many migrators race, and leave nothing without row level security.

use harness::database::{config, connect, create, create_migrated, superuser_url, url};
use refinery::{Migration, Runner, Target};
use shared::migrate;
use tokio_postgres::Client;

/// The last migration of the release before this one.
const PREVIOUS_RELEASE: i32 = 6;

/// Rows in every table of the previous release.
const PREVIOUS_DATA: &str = include_str!("migrations/previous_release.sql");

#[tokio::test]
async fn racing_migrators_apply_each_migration_once() {
    let (owner, _) = create().await;
    let racers: Vec<_> = (0..6)
        .map(|_| {
            let config = config(owner.clone());
            tokio::spawn(async move { migrate::run(&config, &migrate::runner()).await.expect("migrates") })
        })
        .collect();
    let mut applied = Vec::new();
    for racer in racers {
        applied.extend(racer.await.expect("no panic"));
    }
    let expected: Vec<String> = migrate::runner().get_migrations().iter().map(ToString::to_string).collect();
    assert_eq!(applied.len(), expected.len(), "{applied:?}");
    applied.sort();
    applied.dedup();
    assert_eq!(applied.len(), expected.len());
}

/// Each migration since the previous release, one by one, on a database that is in use: no value of a row changes.
#[tokio::test]
async fn the_previous_releases_data_survives_each_migration() {
    let (owner, _) = create().await;
    let previous = migrate::runner().set_target(Target::Version(PREVIOUS_RELEASE));
    migrate::run(&config(owner.clone()), &previous).await.expect("the previous release's schema");
    let name = owner.rsplit('/').next().expect("a name").to_owned();
    let client = connect(&url(None, &name)).await;
    client.batch_execute(PREVIOUS_DATA).await.expect("the previous release's data");
    let before = contents(&client).await;
    for (select, rows, _) in &before {
        assert!(*rows > 0, "tests/migrations/previous_release.sql must have rows for: {select}");
    }
    let latest = migrate::runner().get_migrations().iter().map(Migration::version).max().expect("migrations");
    for version in PREVIOUS_RELEASE + 1..=latest {
        let step = migrate::runner().set_target(Target::Version(version));
        let applied = migrate::run(&config(owner.clone()), &step).await.expect("the migration applies to data");
        assert_eq!(applied.len(), 1, "migrations are numbered without a gap: V{version}");
        for (select, rows, checksum) in &before {
            let row = client.query_one(select, &[]).await.expect("columns of the previous release are still there");
            assert_eq!(
                (row.get::<_, i64>(0), row.get::<_, Option<String>>(1)),
                (*rows, checksum.clone()),
                "V{version}: {select}"
            );
        }
    }
    let unlisted = "select count(*) from artifacts
        where deleted_at is null
          and not exists (
              select from artifact_listings
              join artifact_texts using (artifact_id)
              where artifact_id = artifacts.id and artifact_texts.title = artifacts.title
          )";
    let unlisted: i64 = client.query_one(unlisted, &[]).await.expect("works").get(0);
    assert_eq!(unlisted, 0, "an older artifact is in no list");
    let unfinished: i64 = client
        .query_one(
            "select (select count(*) from pg_index where not indisvalid) + (select count(*) from pg_constraint where not convalidated)",
            &[],
        )
        .await
        .expect("the catalogue")
        .get(0);
    assert_eq!(unfinished, 0, "an index or a constraint is not valid");
}

/// For every table, a query for the number and the checksum of its rows as they are now, and what it finds.
async fn contents(client: &Client) -> Vec<(String, i64, Option<String>)> {
    let tables = client
        .query(
            "select format(
                 'select count(*), md5(string_agg(row_text, chr(10) order by row_text))
                  from (select row(%s)::text as row_text from public.%I) as rows',
                 (select string_agg(quote_ident(attname), ', ' order by attnum)
                  from pg_attribute where attrelid = pg_class.oid and attnum > 0 and not attisdropped),
                 relname
             )
             from pg_class
             where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'refinery_schema_history'
             order by relname",
            &[],
        )
        .await
        .expect("the catalogue");
    let mut contents = Vec::new();
    for table in tables {
        let select: String = table.get(0);
        let row = client.query_one(&select, &[]).await.expect("rows");
        contents.push((select, row.get(0), row.get(1)));
    }
    contents
}

/// An index on a table that has rows holds up its writers, unless it is built concurrently.
#[test]
fn indexes_on_existing_tables_are_built_concurrently() {
    let mut created = std::collections::BTreeSet::new();
    let runner = migrate::runner();
    for migration in runner.get_migrations() {
        let sql = migration.sql().unwrap_or_default();
        let words: Vec<&str> = sql.split_whitespace().collect();
        let mut new_tables = std::collections::BTreeSet::new();
        for window in words.windows(3) {
            if window[..2] == ["create", "table"] {
                new_tables.insert(window[2]);
            }
        }
        for (position, _) in words.iter().enumerate().filter(|(_, word)| **word == "index") {
            let is_created = matches!(words[..position], [.., "create"] | [.., "create", "unique"]);
            let table = words[position..].iter().skip_while(|word| **word != "on").nth(1).copied().unwrap_or_default();
            if is_created && words.get(position + 1) != Some(&"concurrently") && migration.version() > PREVIOUS_RELEASE
            {
                assert!(!created.contains(table), "{migration}: build the index on {table} concurrently");
            }
        }
        created.extend(new_tables);
    }
    assert!(created.contains("messages"), "the tables were not recognized");
}

#[tokio::test]
async fn an_index_can_be_built_concurrently() {
    let (owner, _) = create_migrated().await;
    let mut migrations = migrate::runner().get_migrations().clone();
    let sql = "-- no transaction\ncreate index concurrently artifacts_tool_name_idx on artifacts (tool_name)";
    migrations.push(Migration::unapplied("V9000__concurrent_index", sql).expect("a migration"));
    let applied = migrate::run(&config(owner.clone()), &Runner::new(&migrations)).await.expect("applies");
    assert_eq!(applied.len(), 1);
    let again = migrate::run(&config(owner.clone()), &Runner::new(&migrations)).await.expect("applies");
    assert_eq!(again.len(), 0);
    let client = connect(&owner).await;
    let valid: bool = client
        .query_one("select indisvalid from pg_index where indexrelid = 'artifacts_tool_name_idx'::regclass", &[])
        .await
        .expect("the index is there")
        .get(0);
    assert!(valid);
}

#[tokio::test]
async fn a_failed_migration_leaves_nothing_behind_and_can_be_mended() {
    let (owner, _) = create().await;
    let broken =
        Migration::unapplied("V1__first", "create table first (id int); select no_such_function()").expect("one");
    assert!(migrate::run(&config(owner.clone()), &Runner::new(&[broken])).await.is_err());
    let mended = Migration::unapplied("V1__first", "create table first (id int)").expect("one");
    let applied = migrate::run(&config(owner), &Runner::new(&[mended])).await.expect("applies");
    assert_eq!(applied.len(), 1);
}

#[tokio::test]
async fn a_migration_waits_for_a_lock_without_giving_up() {
    let (owner, _) = create().await;
    let mut holder = connect(&owner).await;
    holder.batch_execute("create table busy (id int)").await.expect("a table");
    let transaction = holder.transaction().await.expect("begins");
    transaction.batch_execute("lock table busy").await.expect("locks");
    let alter = Migration::unapplied("V1__alter", "alter table busy add column name text").expect("one");
    let config = config(owner.clone());
    let migrator = tokio::spawn(async move { migrate::run(&config, &Runner::new(&[alter])).await });
    let watcher = connect(&superuser_url()).await;
    let database = owner.rsplit('/').next().expect("a name").to_owned();
    // Until it has given up once: the log of waits is what the server itself says.
    loop {
        let row = watcher
            .query_one("select xact_rollback from pg_stat_database where datname = $1", &[&database])
            .await
            .expect("statistics");
        if row.get::<_, i64>(0) > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    transaction.rollback().await.expect("releases");
    assert_eq!(migrator.await.expect("no panic").expect("migrates").len(), 1);
}

/// Every table of the API is under forced row level security, has a policy, and belongs to a role the API is not.
#[tokio::test]
async fn every_table_is_under_row_level_security() {
    let (owner, _) = create_migrated().await;
    let client = connect(&owner).await;
    let rows = client
        .query(
            "select pg_class.relname::text
             from pg_class
             where pg_class.relnamespace = 'public'::regnamespace
               and pg_class.relkind in ('r', 'p')
               and pg_class.relname <> 'refinery_schema_history'
               and not (
                   pg_class.relrowsecurity
                   and pg_class.relforcerowsecurity
                   and exists (select from pg_policy where pg_policy.polrelid = pg_class.oid)
                   and not pg_has_role('atelier_api', pg_class.relowner, 'member')
               )",
            &[],
        )
        .await
        .expect("the catalogue");
    let exposed: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(exposed.is_empty(), "enable and force row level security, and write policies, for {exposed:?}");
}

/// The API's role owns nothing, is no superuser, cannot pass by policies, and cannot become who can.
#[tokio::test]
async fn the_role_of_the_functions_can_do_little() {
    let (_, functions) = create_migrated().await;
    let client = connect(&functions).await;
    let row = client
        .query_one(
            "select
                 rolsuper or rolbypassrls or rolcreaterole or rolcreatedb,
                 exists (select from pg_class where relowner = pg_roles.oid)
                     or exists (select from pg_proc where proowner = pg_roles.oid),
                 pg_has_role(rolname, 'atelier_system', 'member')
             from pg_roles
             where rolname = current_user",
            &[],
        )
        .await
        .expect("the catalogue");
    assert_eq!((row.get::<_, bool>(0), row.get::<_, bool>(1), row.get::<_, bool>(2)), (false, false, false));
    for forbidden in [
        "create table mine (id int)",
        "delete from users",
        "update users set is_superuser = true",
        "update sessions set token_hash = token_hash",
        "insert into artifact_counts (artifact_id, slot) values (uuid_v7(), 0)",
        "update artifact_versions set summary = 'x'",
        "select auth.become(uuid_v7(), uuid_v7())",
        "set role atelier_system",
        "select * from refinery_schema_history",
    ] {
        let error = client.batch_execute(forbidden).await.expect_err(forbidden);
        assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("42501"), "{forbidden}: {error}");
    }
    // Without an identity there is nothing of anyone's to see.
    for table in
        ["users", "sessions", "chats", "messages", "uploads", "idempotency_keys", "retention_policies", "events"]
    {
        let rows = client.query(&format!("select from {table}"), &[]).await.expect("allowed");
        assert_eq!(rows.len(), 0, "{table}");
    }
}

/// Foreign keys are followed from both ends: without an index of all rows, deleting a user reads whole tables.
#[tokio::test]
async fn every_foreign_key_has_an_index() {
    let (owner, _) = create_migrated().await;
    let client = connect(&owner).await;
    let rows = client
        .query(
            "select pg_constraint.conname::text
             from pg_constraint
             where pg_constraint.contype = 'f'
               and pg_constraint.connamespace = 'public'::regnamespace
               and not exists (
                   select from pg_index
                   join pg_attribute on attrelid = indrelid and attnum = indkey[0]
                   where pg_index.indrelid = pg_constraint.conrelid
                     and pg_index.indkey[0] = any (pg_constraint.conkey)
                     and (indpred is null or pg_get_expr(indpred, indrelid) = format('(%I IS NOT NULL)', attname))
               )",
            &[],
        )
        .await
        .expect("the catalogue");
    let missing: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(missing.is_empty(), "no index begins with a column of {missing:?}");
}

#[tokio::test]
async fn the_functions_login_is_made_and_its_password_follows_the_url() {
    let (owner, functions) = create_migrated().await;
    let name = functions.rsplit('/').next().expect("a name").to_owned();
    let login = format!("atelier_login_{}", uuid::Uuid::new_v4().simple());
    for password in ["first", "second"] {
        let place = functions.rsplit_once('@').expect("credentials").1.to_owned();
        let url = format!("postgres://{login}:{password}@{place}");
        migrate::grant_login(&config(owner.clone()), &config(url.clone())).await.expect("granted");
        let client = connect(&url).await;
        client.query("select id from artifacts", &[]).await.expect("it may read");
    }
    let same = config(owner.clone());
    assert!(
        migrate::grant_login(&config(owner.clone()), &same).await.is_err(),
        "an owner must not be the functions' login"
    );
    connect(&url(None, &name))
        .await
        .batch_execute(&format!("drop owned by {login}; drop role {login}"))
        .await
        .expect("gone");
}
