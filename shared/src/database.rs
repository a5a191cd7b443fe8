//! PostgreSQL: all work of a request leaves in one pipelined flight on one connection.

use std::{
    borrow::Cow,
    fmt, fs,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Timeouts};
use futures_util::future::{BoxFuture, join_all};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use tokio_postgres::{
    NoTls, Statement,
    error::SqlState,
    types::{ToSql, Type},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{config::DatabaseConfig, idempotency::Key, problem, text::Sha256};

/// A value that can be bound to a statement; its type is known without asking the server.
pub trait Bind: ToSql + Send + Sync + 'static {
    /// The PostgreSQL type.
    fn sql_type() -> Type;
}

macro_rules! bind {
    ($($rust:ty => $sql:ident),* $(,)?) => {
        $(impl Bind for $rust {
            fn sql_type() -> Type {
                Type::$sql
            }
        })*
    };
}

bind! {
    bool => BOOL, i16 => INT2, i32 => INT4, i64 => INT8, f32 => FLOAT4, f64 => FLOAT8, String => TEXT, &'static str => TEXT,
    Vec<u8> => BYTEA, uuid::Uuid => UUID, jiff::Timestamp => TIMESTAMPTZ, serde_json::Value => JSONB, std::net::IpAddr => INET,
    Vec<String> => TEXT_ARRAY, Vec<Option<String>> => TEXT_ARRAY, Vec<i32> => INT4_ARRAY, Vec<i64> => INT8_ARRAY,
    Vec<uuid::Uuid> => UUID_ARRAY, Vec<Option<uuid::Uuid>> => UUID_ARRAY,
    Vec<Vec<u8>> => BYTEA_ARRAY, Vec<Option<Vec<u8>>> => BYTEA_ARRAY,
    Vec<jiff::Timestamp> => TIMESTAMPTZ_ARRAY, Vec<serde_json::Value> => JSONB_ARRAY,
}

impl<T: Bind> Bind for Option<T> {
    fn sql_type() -> Type {
        T::sql_type()
    }
}

/// A statement and what is bound to it.
pub struct Sql {
    text: Cow<'static, str>,
    values: Vec<Box<dyn ToSql + Send + Sync>>,
    types: Vec<Type>,
}

/// Begins a statement; bind its parameters in their order.
pub fn sql(text: impl Into<Cow<'static, str>>) -> Sql {
    Sql { text: text.into(), values: Vec::new(), types: Vec::new() }
}

impl Sql {
    /// Binds the next parameter.
    #[must_use]
    pub fn bind<T: Bind>(mut self, value: T) -> Self {
        self.values.push(Box::new(value));
        self.types.push(T::sql_type());
        self
    }

    /// What the server reads, to measure or explain a statement apart from its endpoint.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is bound to its parameters, likewise.
    #[must_use]
    pub fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values.iter().map(|value| value.as_ref() as &(dyn ToSql + Sync)).collect()
    }
}

/// A type that is read from a row, each field from the column of its name.
pub trait FromRow: Sized {
    /// Reads it.
    fn from_row(row: &Row) -> Result<Self, tokio_postgres::Error>;
}

/// Implements [`FromRow`] for a struct whose fields all have the names of their columns.
#[macro_export]
macro_rules! from_row {
    ($type:ty { $($field:ident),* $(,)? }) => {
        impl $crate::FromRow for $type {
            fn from_row(row: &$crate::database::Row) -> Result<Self, $crate::database::RowError> {
                Ok(Self { $($field: $crate::database::column(row, $crate::database::column_name(stringify!($field)))?),* })
            }
        }
    };
}

pub use tokio_postgres::{Error as RowError, Row};

/// A field whose name is a keyword (`r#type`) is read from the column of the bare name.
#[must_use]
pub fn column_name(field: &'static str) -> &'static str {
    field.strip_prefix("r#").unwrap_or(field)
}

/// Reads one column.
pub fn column<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, name: &str) -> Result<T, RowError> {
    row.try_get(name)
}

/// What the database answered instead of what was asked.
#[derive(Debug)]
pub enum DatabaseError {
    /// `refuse()` in SQL: a code of the table of problems and a JSON pointer.
    Refused {
        /// The problem's code.
        code: String,
        /// The field at fault, or nothing.
        pointer: String,
    },
    /// PostgreSQL or the connection to it failed.
    Failed(tokio_postgres::Error),
    /// No connection could be had.
    NoConnection(deadpool_postgres::PoolError),
    /// The work was not done in the time allowed.
    TimedOut,
}

impl DatabaseError {
    /// The constraint that was violated.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Failed(error) => error.as_db_error()?.constraint(),
            _ => None,
        }
    }

    /// Whether a row was refused by row level security: it names what the caller does not see, or no longer, as between two
    /// statements of a flight it may have been hidden.
    #[must_use]
    pub fn is_out_of_sight(&self) -> bool {
        match self {
            Self::Failed(error) => error.as_db_error().is_some_and(|error| {
                *error.code() == SqlState::INSUFFICIENT_PRIVILEGE && error.routine() == Some("ExecWithCheckOptions")
            }),
            _ => false,
        }
    }

    /// Whether what a row was to refer to was removed after it had been found: by another request, or by a sweep.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Failed(error) if error.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION))
    }

    /// Whether PostgreSQL itself said so, over a connection that works.
    fn is_answer(&self) -> bool {
        match self {
            Self::Refused { .. } => true,
            Self::Failed(error) => error.as_db_error().is_some() && !self.is_connection_lost(),
            Self::NoConnection(_) | Self::TimedOut => false,
        }
    }

    fn is_connection_lost(&self) -> bool {
        match self {
            Self::Failed(error) => match error.code() {
                // The server's last words: what was sent after them was not read.
                Some(code) => {
                    [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW].contains(code)
                }
                None => error.is_closed() || is_io(error),
            },
            _ => false,
        }
    }

    /// Whether trying again later may help.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Refused { .. } => false,
            Self::NoConnection(_) | Self::TimedOut => true,
            Self::Failed(error) => match error.code() {
                // 08 connection, 40 rolled back for another, 53 out of resources, 55P03 lock, 57 the operator stops it
                Some(code) => {
                    ["08", "40", "53", "57"].iter().any(|class| code.code().starts_with(class))
                        || *code == SqlState::LOCK_NOT_AVAILABLE
                        || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
                }
                None => self.is_connection_lost(),
            },
        }
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<std::io::Error>() {
            return true;
        }
        source = cause.source();
    }
    false
}

impl From<tokio_postgres::Error> for DatabaseError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(refusal) if refusal.code().code() == "ATLR0" => Self::Refused {
                code: refusal.message().to_owned(),
                pointer: refusal.detail().unwrap_or_default().to_owned(),
            },
            _ => Self::Failed(error),
        }
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { code, .. } => write!(formatter, "refused: {code}"),
            Self::Failed(error) => match error.as_db_error() {
                Some(error) => write!(formatter, "database error {}: {}", error.code().code(), error.message()),
                None => write!(formatter, "database error: {error}"),
            },
            Self::NoConnection(error) => write!(formatter, "no database connection: {error}"),
            Self::TimedOut => formatter.write_str("the database took too long"),
        }
    }
}

impl std::error::Error for DatabaseError {}

/// A pool of connections. Making it does not connect.
pub struct Database {
    pool: Pool,
    named_statements: bool,
    timeout: Duration,
}

/// When this process last used the database, in seconds of the wall clock.
static LAST_USED: AtomicU64 = AtomicU64::new(0);

/// A process that used no connection for this long may have been frozen, and its sockets be dead without its knowing.
const PROBABLY_FROZEN: u64 = 5;

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

impl Database {
    /// A pool for this configuration. Fails only where a certificate file cannot be read.
    pub fn new(config: &DatabaseConfig) -> anyhow::Result<Self> {
        let mut postgres: tokio_postgres::Config = config.url.parse()?;
        postgres.application_name("atelier").connect_timeout(config.timeout).keepalives_idle(Duration::from_mins(1));
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = if config.tls {
            postgres.ssl_mode(tokio_postgres::config::SslMode::Require);
            Manager::from_config(postgres, tls_connector(config)?, recycling)
        } else {
            Manager::from_config(postgres, NoTls, recycling)
        };
        let timeout = Some(config.timeout);
        let pool = Pool::builder(manager)
            .max_size(config.pool_size)
            .timeouts(Timeouts { wait: timeout, create: timeout, recycle: timeout })
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .pre_recycle(Hook::async_fn(|connection, _| {
                Box::pin(async move {
                    if now().saturating_sub(LAST_USED.load(Ordering::Relaxed)) < PROBABLY_FROZEN {
                        return Ok(());
                    }
                    match tokio::time::timeout(Duration::from_millis(500), connection.batch_execute("")).await {
                        Ok(Ok(())) => Ok(()),
                        Ok(Err(error)) => Err(HookError::Backend(error)),
                        Err(_) => Err(HookError::message("a connection died while the process was frozen")),
                    }
                })
            }))
            .build()?;
        Ok(Self { pool, named_statements: config.named_statements, timeout: config.timeout })
    }

    /// Connects ahead of the first request, so that it finds a connection with the statement it begins with prepared.
    pub async fn warm(&self) {
        if let Ok(connection) = self.pool.get().await
            && self.named_statements
        {
            let _ = connection.prepare_typed_cached(AUTHENTICATE, &[Type::BYTEA]).await;
        }
    }

    /// Sends `begin`, the caller's token, the statements and `commit` in one flight, and checks every reply.
    ///
    /// With `retry`, a flight whose connection turns out to be dead is sent once more: for what may safely run twice.
    pub async fn fly<const N: usize>(
        &self,
        token: Option<&Sha256>,
        statements: &[Sql; N],
        retry: bool,
    ) -> Result<[Vec<Row>; N], DatabaseError> {
        match self.attempt(token, statements).await {
            Err(error) if retry && error.is_connection_lost() => self.attempt(token, statements).await,
            result => result,
        }
    }

    async fn attempt<const N: usize>(
        &self,
        token: Option<&Sha256>,
        statements: &[Sql; N],
    ) -> Result<[Vec<Row>; N], DatabaseError> {
        let connection = self.connection().await?;
        let prelude: Vec<Sql> = token.map(authenticate).into_iter().collect();
        let all = prelude.iter().chain(statements);
        let rows = self.within(connection.send(Some("begin"), all, Some("commit"), self.named_statements)).await?;
        LAST_USED.store(now(), Ordering::Relaxed);
        Ok(last(rows))
    }

    /// Begins a transaction that stays open: its first flight authenticates and claims the idempotency key.
    ///
    /// Nothing is committed yet, so that a flight whose connection turns out to be dead is sent once more.
    pub async fn begin<const N: usize>(
        &self,
        token: Option<&Sha256>,
        key: &Key,
        statements: &[Sql; N],
    ) -> Result<(Transaction, [Vec<Row>; N]), DatabaseError> {
        match self.attempt_to_begin(token, key, statements).await {
            Err(error) if error.is_connection_lost() => self.attempt_to_begin(token, key, statements).await,
            result => result,
        }
    }

    async fn attempt_to_begin<const N: usize>(
        &self,
        token: Option<&Sha256>,
        key: &Key,
        statements: &[Sql; N],
    ) -> Result<(Transaction, [Vec<Row>; N]), DatabaseError> {
        let connection = self.connection().await?;
        let mut prelude: Vec<Sql> = token.map(authenticate).into_iter().collect();
        prelude
            .push(sql("select claim_idempotency_key($1, $2)").bind(key.hash.0.to_vec()).bind(key.fingerprint.clone()));
        let mut transaction = Transaction {
            connection: Some(connection),
            named_statements: self.named_statements,
            timeout: self.timeout,
        };
        let rows = transaction.send(Some("begin"), prelude.iter().chain(statements), None).await?;
        Ok((transaction, last(rows)))
    }

    async fn connection(&self) -> Result<Connection, DatabaseError> {
        self.pool.get().await.map(Connection).map_err(DatabaseError::NoConnection)
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, DatabaseError>>) -> Result<T, DatabaseError> {
        tokio::time::timeout(self.timeout, work).await.unwrap_or(Err(DatabaseError::TimedOut))
    }
}

/// What every request with a token begins with.
pub const AUTHENTICATE: &str = "select auth.authenticate($1)";

fn authenticate(token: &Sha256) -> Sql {
    sql(AUTHENTICATE).bind(token.0.to_vec())
}

fn last<const N: usize>(mut rows: Vec<Vec<Row>>) -> [Vec<Row>; N] {
    let prelude = rows.len() - N;
    let rows: Vec<_> = rows.drain(prelude..).collect();
    rows.try_into().unwrap_or_else(|_| unreachable!("exactly N are left"))
}

/// A transaction held open between flights, for requests with an `Idempotency-Key`.
///
/// Dropped without a commit, its connection is closed, which rolls it back.
pub struct Transaction {
    connection: Option<Connection>,
    named_statements: bool,
    timeout: Duration,
}

impl Transaction {
    async fn send(
        &mut self,
        before: Option<&'static str>,
        statements: impl Iterator<Item = &Sql>,
        after: Option<&'static str>,
    ) -> Result<Vec<Vec<Row>>, DatabaseError> {
        // Taken out, so that a failure or a caller who goes away closes it.
        let connection = self.connection.take().expect("a transaction that failed is not used again");
        let mut connection = Unfinished(Some(connection));
        let sender = connection.0.as_ref().expect("just put there");
        let work = sender.send(before, statements, after, self.named_statements);
        let result = tokio::time::timeout(self.timeout, work).await.unwrap_or(Err(DatabaseError::TimedOut));
        LAST_USED.store(now(), Ordering::Relaxed);
        match result {
            Ok(rows) => {
                self.connection = connection.0.take();
                Ok(rows)
            }
            Err(error) => {
                // PostgreSQL said no and waits for the end of the transaction: the connection can go on.
                if error.is_answer() && self.end(sender).await {
                    drop(connection.0.take());
                }
                Err(error)
            }
        }
    }

    async fn end(&self, connection: &Connection) -> bool {
        let rollback = connection.0.batch_execute("rollback");
        matches!(tokio::time::timeout(self.timeout, rollback).await, Ok(Ok(())))
    }

    /// Undoes it, for a request that failed for another reason than the database's.
    pub async fn rollback(mut self) {
        let mut connection = Unfinished(self.connection.take());
        if let Some(open) = &connection.0
            && self.end(open).await
        {
            drop(connection.0.take());
        }
    }

    /// Another flight of the same transaction.
    pub async fn fly<const N: usize>(&mut self, statements: &[Sql; N]) -> Result<[Vec<Row>; N], DatabaseError> {
        Ok(last(self.send(None, statements.iter(), None).await?))
    }

    /// The last flight: keeps the sealed reply, and commits.
    pub async fn commit(mut self, key: &Key, sealed: Vec<u8>) -> Result<(), DatabaseError> {
        let keep = sql("update idempotency_keys set reply = $2
             where caller = idempotency_caller() and key_hash = $1")
        .bind(key.hash.0.to_vec())
        .bind(sealed);
        self.send(None, std::iter::once(&keep), Some("commit")).await?;
        // Committed: back to the pool instead of closed.
        drop(self.connection.take());
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        drop(Unfinished(self.connection.take()));
    }
}

/// A connection in an unknown state: closed, not returned to the pool.
struct Unfinished(Option<Connection>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(deadpool_postgres::Object::take(connection.0));
        }
    }
}

struct Connection(deadpool_postgres::Client);

impl Connection {
    /// Polls all of it together, in order, so that everything is on its way before the first reply is awaited.
    async fn send<'a>(
        &self,
        before: Option<&'static str>,
        statements: impl Iterator<Item = &'a Sql>,
        after: Option<&'static str>,
        named: bool,
    ) -> Result<Vec<Vec<Row>>, DatabaseError> {
        let statements: Vec<&Sql> = statements.collect();
        // Once per connection a statement costs the trip that prepares it; all that are new share that trip.
        let prepared: Option<Vec<Statement>> = if named {
            let prepare = statements.iter().map(|sql| self.0.prepare_typed_cached(&sql.text, &sql.types));
            Some(join_all(prepare).await.into_iter().collect::<Result<_, _>>()?)
        } else {
            None
        };
        let mut flight: Vec<BoxFuture<'_, Result<Vec<Row>, tokio_postgres::Error>>> =
            Vec::with_capacity(statements.len() + 2);
        if let Some(before) = before {
            flight.push(Box::pin(async move { self.0.batch_execute(before).await.map(|()| Vec::new()) }));
        }
        for (index, sql) in statements.iter().enumerate() {
            match prepared.as_ref().map(|prepared| &prepared[index]) {
                Some(statement) => flight.push(Box::pin(async move {
                    let values: Vec<&(dyn ToSql + Sync)> = sql.values.iter().map(|value| &**value as _).collect();
                    self.0.query(statement, &values).await
                })),
                None => flight.push(Box::pin(async move {
                    let values: Vec<(&(dyn ToSql + Sync), Type)> = sql
                        .values
                        .iter()
                        .zip(&sql.types)
                        .map(|(value, sql_type)| (&**value as _, sql_type.clone()))
                        .collect();
                    self.0.query_typed(&sql.text, &values).await
                })),
            }
        }
        if let Some(after) = after {
            flight.push(Box::pin(async move { self.0.batch_execute(after).await.map(|()| Vec::new()) }));
        }
        // COMMIT of an aborted transaction answers without an error: every reply before it is checked.
        let mut rows = join_all(flight).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        rows.truncate(rows.len() - usize::from(after.is_some()));
        rows.drain(..usize::from(before.is_some()));
        Ok(rows)
    }
}

/// TLS for a connection. Certificates are always verified.
pub fn tls_connector(config: &DatabaseConfig) -> anyhow::Result<MakeRustlsConnect> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = &config.certificate_authorities {
        let unreadable =
            |error: &dyn fmt::Display| anyhow::anyhow!("DATABASE_SSL_CA is {path:?}, which cannot be read: {error}");
        let pem = fs::read(path).map_err(|error| unreadable(&error))?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            roots.add(certificate.map_err(|error| unreadable(&error))?)?;
        }
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// Whether an error says that a kept reply is to be given again.
pub(crate) fn is_replay(error: &DatabaseError) -> bool {
    matches!(error, DatabaseError::Refused { code, .. } if code == problem::IDEMPOTENCY_REPLAY)
}
