//! Migrations: forward only, each applied once however many migrators race.

use std::time::Duration;

use anyhow::Context as _;
use refinery::{AsyncMigrate, Migration, Runner};
use refinery_core::traits::r#async::{AsyncQuery, AsyncTransaction};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls, error::SqlState};

use crate::{config::DatabaseConfig, database::tls_connector};

mod embedded {
    refinery::embed_migrations!("../migrations");
}

/// The first line of a migration that must not run in a transaction, such as `create index concurrently`.
/// Such a file holds one statement, which is safe to run again after it failed halfway.
const NO_TRANSACTION: &str = "-- no transaction";

/// Any number, as long as all migrators use it.
const LOCK: i64 = 0x4174_656c_6965_7230;

/// How long a statement waits for a lock before it gives up and lets the queue behind it move on.
const LOCK_TIMEOUT: &str = "set lock_timeout = '3s'";

/// A login that the migrator makes.
struct Login {
    /// The variable that names it.
    variable: &'static str,
    /// What it becomes a member of, unless it is that itself.
    role: &'static str,
    /// What it must not be a member of.
    apart_from: &'static str,
    /// How it works.
    settings: &'static [&'static str],
}

const FUNCTIONS: Login = Login {
    variable: "DATABASE_URL",
    role: "atelier_api",
    apart_from: "atelier_jobs",
    settings: &[
        // A transaction whose function was frozen or killed must not hold its locks.
        "idle_in_transaction_session_timeout = '10s'",
        // Statements are written so that one plan fits all their values: it is made once, and not at each of five first
        // calls.
        "plan_cache_mode = force_generic_plan",
        "timezone = 'UTC'",
    ],
};

const JOBS: Login = Login {
    variable: "JOBS_DATABASE_URL",
    role: "atelier_jobs",
    apart_from: "atelier_api",
    settings: &["idle_in_transaction_session_timeout = '10s'", "timezone = 'UTC'"],
};

/// How often a statement that waits too long for a lock is tried again.
const ATTEMPTS: u32 = 10;

/// Migrations in this program, in their order.
#[must_use]
pub fn runner() -> Runner {
    // A deploy that is rolled back runs the older program against the newer schema, which expand and contract allows.
    embedded::migrations::runner().set_abort_missing(false)
}

/// Applies what is missing, and gives the names of what it applied. Of several at once one applies, the others wait.
pub async fn run(config: &DatabaseConfig, runner: &Runner) -> anyhow::Result<Vec<String>> {
    let mut client = Connection(connect(config, "atelier migrate").await?.0);
    // Waiting inside pg_advisory_lock would hold a snapshot, which a concurrent index build of another migrator waits for.
    while !client.0.query_one("select pg_try_advisory_lock($1)", &[&LOCK]).await?.get::<_, bool>(0) {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    client.0.batch_execute(LOCK_TIMEOUT).await?;
    let mut attempt = 0;
    let report = loop {
        match runner.run_async(&mut client).await {
            Err(error) if attempt < ATTEMPTS && is_lock_timeout(&error) => {
                attempt += 1;
                pause().await?;
            }
            result => break result?,
        }
    };
    Ok(report.applied_migrations().iter().map(ToString::to_string).collect())
}

/// Lets the login named in the functions' own database URL in, as `atelier_api` or as a member of it.
pub async fn grant_login(owner: &DatabaseConfig, functions: &DatabaseConfig) -> anyhow::Result<String> {
    grant(owner, functions, &FUNCTIONS).await
}

/// Lets the login named in the jobs' database URL in, as `atelier_jobs` or as a member of it.
pub async fn grant_jobs_login(owner: &DatabaseConfig, jobs: &DatabaseConfig) -> anyhow::Result<String> {
    grant(owner, jobs, &JOBS).await
}

async fn grant(owner: &DatabaseConfig, config: &DatabaseConfig, login: &Login) -> anyhow::Result<String> {
    let mut attempt = 0;
    loop {
        match try_to_grant(owner, config, login).await {
            // Roles are the whole cluster's: a migrator of another database may be writing to the same one.
            Err(error) if attempt < ATTEMPTS && is_role_contended(&error) => {
                attempt += 1;
                pause().await?;
            }
            result => return result,
        }
    }
}

/// Whether another transaction wrote to the same role: "tuple concurrently updated", or the role made meanwhile.
fn is_role_contended(error: &anyhow::Error) -> bool {
    let code = error.downcast_ref::<tokio_postgres::Error>().and_then(tokio_postgres::Error::code);
    code.is_some_and(|code| {
        [SqlState::INTERNAL_ERROR, SqlState::UNIQUE_VIOLATION, SqlState::DUPLICATE_OBJECT].contains(code)
    })
}

/// Half a second or more, at random.
async fn pause() -> anyhow::Result<()> {
    let mut jitter = [0];
    getrandom::fill(&mut jitter).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    tokio::time::sleep(Duration::from_millis(500 + 4 * u64::from(jitter[0]))).await;
    Ok(())
}

async fn try_to_grant(owner: &DatabaseConfig, config: &DatabaseConfig, login: &Login) -> anyhow::Result<String> {
    let Login { variable, role, apart_from, settings } = login;
    let url: tokio_postgres::Config = config.url.parse()?;
    let user = url.get_user().with_context(|| format!("{variable} names no user"))?.to_owned();
    let password = url.get_password().map(|password| String::from_utf8_lossy(password).into_owned());
    let (mut client, _) = connect(owner, "atelier migrate").await?;
    let transaction = client.transaction().await?;
    transaction.execute("select pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    // Role names and passwords cannot be parameters of DDL: format() quotes them.
    let row = transaction
        .query_one(
            "select
                 current_user = $1,
                 format(
                     case
                         when exists (select from pg_roles where rolname = $1) then 'alter role %I login password %L'
                         else 'create role %I login password %L'
                     end,
                     $1::text, $2::text
                 ),
                 format('%I', $1::text),
                 exists (select from pg_roles where rolname = $1 and pg_has_role(oid, $3, 'member'))",
            &[&user, &password, apart_from],
        )
        .await?;
    anyhow::ensure!(
        !row.get::<_, bool>(0),
        "{variable} and OWNER_DATABASE_URL name the same user: functions must not own what they use"
    );
    anyhow::ensure!(
        !row.get::<_, bool>(3),
        "DATABASE_URL and JOBS_DATABASE_URL name the same user: what serves requests must not see what belongs to all"
    );
    let quoted: String = row.get(2);
    transaction.batch_execute(row.get(1)).await?;
    if user != *role {
        transaction.batch_execute(&format!("grant {role} to {quoted}")).await?;
    }
    // Settings of the login and not of the connection, as poolers take none at the start of a connection.
    for setting in *settings {
        transaction.batch_execute(&format!("alter role {quoted} set {setting}")).await?;
    }
    transaction.commit().await?;
    Ok(user)
}

/// One connection, outside of any pool, and the task that ends with it.
pub(crate) async fn connect(config: &DatabaseConfig, name: &str) -> anyhow::Result<(Client, JoinHandle<()>)> {
    let mut url: tokio_postgres::Config = config.url.parse()?;
    url.application_name(name).connect_timeout(config.timeout);
    Ok(if config.tls {
        url.ssl_mode(tokio_postgres::config::SslMode::Require);
        let (client, connection) = url.connect(tls_connector(config)?).await?;
        (client, tokio::spawn(async { drop(connection.await) }))
    } else {
        let (client, connection) = url.connect(NoTls).await?;
        (client, tokio::spawn(async { drop(connection.await) }))
    })
}

fn is_lock_timeout(error: &refinery::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<tokio_postgres::Error>() {
            return error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE);
        }
        source = cause.source();
    }
    false
}

/// A client that knows migrations which must not run in a transaction; refinery has no mark for them.
struct Connection(Client);

impl AsyncTransaction for Connection {
    type Error = tokio_postgres::Error;

    async fn execute<'a, T: Iterator<Item = &'a str> + Send + 'a>(&mut self, queries: T) -> Result<usize, Self::Error> {
        let queries: Vec<&str> = queries.collect();
        if !queries.first().is_some_and(|sql| sql.starts_with(NO_TRANSACTION)) {
            return AsyncTransaction::execute(&mut self.0, queries.into_iter()).await;
        }
        // It blocks nobody while it waits, and one that gave up would leave its half behind.
        self.0.batch_execute("set lock_timeout = 0").await?;
        for query in &queries {
            self.0.batch_execute(query).await?;
        }
        self.0.batch_execute(LOCK_TIMEOUT).await?;
        Ok(queries.len())
    }
}

impl AsyncQuery<Vec<Migration>> for Connection {
    async fn query(&mut self, query: &str) -> Result<Vec<Migration>, Self::Error> {
        AsyncQuery::query(&mut self.0, query).await
    }
}

impl AsyncMigrate for Connection {}
