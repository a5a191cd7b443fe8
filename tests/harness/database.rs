//! A database for one test program, migrated by an owner who is no superuser, as on a managed PostgreSQL.

use std::{env, sync::OnceLock, time::Duration};

use shared::{config::DatabaseConfig, migrate};
use tokio_postgres::{Client, NoTls, types::ToSql};

/// The login of the functions in tests.
pub const LOGIN: &str = "atelier_test_functions";

/// The login of the jobs in tests.
pub const JOBS: &str = "atelier_test_jobs";

/// The owner of the schema in tests.
const OWNER: &str = "atelier_test_owner";

const PASSWORD: &str = "only-on-loopback";

/// The URL of the test server's superuser.
///
/// # Panics
/// Where no servers run: `cargo xtask test` starts them.
#[must_use]
pub fn superuser_url() -> String {
    env::var("OWNER_DATABASE_URL").unwrap_or_else(|_| {
        panic!("OWNER_DATABASE_URL is not set: run `cargo xtask test`, which starts servers of its own")
    })
}

/// The same server, as another user, another database.
#[must_use]
pub fn url(user: Option<&str>, database: &str) -> String {
    let superuser = superuser_url();
    let (scheme, rest) = superuser.split_once("://").expect("a URL");
    let (credentials, place) = rest.rsplit_once('@').expect("a URL with credentials");
    let host = place.split('/').next().expect("a host");
    let credentials = user.map_or(credentials.to_owned(), |user| format!("{user}:{PASSWORD}"));
    format!("{scheme}://{credentials}@{host}/{database}")
}

/// Settings for a URL, as the functions would have them.
#[must_use]
pub fn config(url: String) -> DatabaseConfig {
    DatabaseConfig {
        url,
        tls: false,
        certificate_authorities: None,
        pool_size: 16,
        timeout: Duration::from_secs(20),
        named_statements: true,
    }
}

/// A connection.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the test server answers");
    tokio::spawn(connection);
    client
}

/// Makes a login where it is missing, over a connection to [`superuser_url`]: all databases share their logins, and none the lock.
///
/// # Panics
/// Where it cannot be made.
pub async fn create_login(superuser: &Client, name: &str, attributes: &str) {
    superuser
        .batch_execute(&format!(
            "do $$ begin
                perform pg_advisory_xact_lock(1);
                if not exists (select from pg_roles where rolname = '{name}') then
                    create role {name} login {attributes} password '{PASSWORD}';
                end if;
             end $$"
        ))
        .await
        .expect("a login can be made");
}

/// Makes an empty database, and gives the URLs of its owner and of the functions.
pub async fn create() -> (String, String) {
    let name = format!("atelier_{}", uuid::Uuid::now_v7().simple());
    let superuser = connect(&superuser_url()).await;
    create_login(&superuser, OWNER, "createrole").await;
    superuser.batch_execute(&format!("create database {name} owner {OWNER}")).await.expect("a database can be made");
    superuser
        .batch_execute(&format!("alter database {name} set timezone to 'Asia/Kathmandu'"))
        .await
        .expect("it can be set");
    (url(Some(OWNER), &name), url(Some(LOGIN), &name))
}

/// Makes a database and migrates it.
pub async fn create_migrated() -> (String, String) {
    // The login is the whole cluster's: one at a time writes to it.
    static LOGIN_TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let (owner, functions) = create().await;
    migrate::run(&config(owner.clone()), &migrate::runner()).await.expect("the migrations apply");
    let _turn = LOGIN_TURN.lock().await;
    migrate::grant_login(&config(owner.clone()), &config(functions.clone())).await.expect("the login is made");
    (owner, functions)
}

/// The URL of the functions in this program's own database, which is made at the first call.
#[must_use]
pub fn functions_url() -> String {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| {
        // Its own thread: the caller may already be inside a runtime.
        let thread = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(create_migrated()).1
        });
        thread.join().expect("the database was made")
    })
    .clone()
}

/// Makes the jobs' login in a database, and gives its URL.
pub async fn grant_jobs(owner: &str) -> String {
    let jobs = url(Some(JOBS), owner.rsplit('/').next().expect("a database"));
    migrate::grant_jobs_login(&config(owner.to_owned()), &config(jobs.clone())).await.expect("the login is made");
    jobs
}

/// A superuser's connection to this program's own database, to look behind the API.
pub async fn behind() -> Client {
    let functions = functions_url();
    let name = functions.rsplit('/').next().expect("a database");
    connect(&url(None, name)).await
}

/// A container of this user's, as their own calls would make it.
///
/// # Panics
/// Where it cannot be made.
pub async fn container(user_id: &str, status: &str) -> String {
    let insert = "insert into containers (user_id, container_id, name, status)
        values ($1::text::uuid, uuid_v7()::text, 'A sandbox', $2) returning id::text";
    behind().await.query_one(insert, &[&user_id, &status]).await.expect("a container can be made").get(0)
}

/// What a query that asks for one number finds, behind the API.
///
/// # Panics
/// Where it finds none.
pub async fn number(query: &str, parameters: &[&(dyn ToSql + Sync)]) -> i64 {
    behind().await.query_one(query, parameters).await.expect("the query works").get(0)
}

/// What is answered to a request that must wait for a row of this table, and then finds it removed.
///
/// # Panics
/// Where it does not wait for it.
pub async fn removed_meanwhile<T>(table: &str, id: &str, request: impl Future<Output = T>) -> T {
    let (holder, watcher) = (behind().await, behind().await);
    let hold = format!("begin; select from {table} where id = '{id}' for update");
    holder.batch_execute(&hold).await.expect("the row can be held");
    let process: i32 = holder.query_one("select pg_backend_pid()", &[]).await.expect("an answer").get(0);
    let remove = async {
        let waiting = "select count(*) from pg_stat_activity where $1 = any (pg_blocking_pids(pid))";
        while watcher.query_one(waiting, &[&process]).await.expect("an answer").get::<_, i64>(0) == 0 {
            tokio::task::yield_now().await;
        }
        let remove = format!("delete from {table} where id = '{id}'; commit");
        holder.batch_execute(&remove).await.expect("the row can be removed");
    };
    tokio::pin!(request);
    tokio::select! {
        _ = &mut request => panic!("it did not wait for the row"),
        () = remove => request.await,
    }
}

/// How the functions' login would run a statement as this user, whatever is bound to it: the plan as text. `types` are its
/// parameters' types and `values` some values for them, as in SQL.
///
/// # Panics
/// Where the statement cannot be planned.
pub async fn generic_plan(client: &Client, user_id: &str, statement: &str, types: &str, values: &str) -> String {
    client
        .batch_execute(&format!(
            "select set_config('app.user_id', '{user_id}', false); prepare planned ({types}) as {statement}"
        ))
        .await
        .expect("the statement can be prepared");
    let rows = client.simple_query(&format!("explain execute planned ({values})")).await.expect("a plan");
    client.batch_execute("deallocate planned").await.expect("it was prepared");
    let line = |message: &tokio_postgres::SimpleQueryMessage| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    rows.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}
