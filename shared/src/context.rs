//! What a handler works with, and the path of a request around it.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use crate::{
    bucket::Bucket,
    config::{BucketConfig, DatabaseConfig, DriveConfig},
    database::{Database, FromRow, Row, Sql, Transaction, is_replay, sql},
    drive::Drive,
    endpoint::Endpoint,
    extract::Input,
    idempotency::Key,
    identity,
    problem::{self, Problem},
    reply::Reply,
    text::Sha256,
};

/// What all requests of a process share. Each part is made when it is first asked for, so that an endpoint that never
/// asks for the bucket does not link it.
#[derive(Default)]
pub struct Services {
    database: OnceLock<Database>,
    // Behind a leaked reference: dropping it would link what it is made of into every binary.
    bucket: OnceLock<&'static Bucket>,
    // The same; none where the service has no Drive.
    drive: OnceLock<Option<&'static Drive>>,
}

impl Services {
    /// Services over these servers, for tests; a function's own come from its environment.
    #[must_use]
    pub fn with(database: Database, bucket: &'static Bucket, drive: Option<&'static Drive>) -> Self {
        Self { database: database.into(), bucket: bucket.into(), drive: drive.into() }
    }

    /// The database of the environment.
    pub fn database(&self) -> Result<&Database, Problem> {
        if let Some(database) = self.database.get() {
            return Ok(database);
        }
        let config = DatabaseConfig::from_env().map_err(Problem::internal)?;
        let database = Database::new(&config).map_err(Problem::internal)?;
        Ok(self.database.get_or_init(|| database))
    }

    /// The bucket of the environment.
    pub fn bucket(&self) -> Result<&'static Bucket, Problem> {
        if let Some(bucket) = self.bucket.get() {
            return Ok(bucket);
        }
        let config = BucketConfig::from_env().map_err(Problem::internal)?;
        let bucket = Bucket::new(config).map_err(Problem::internal)?;
        Ok(self.bucket.get_or_init(|| Box::leak(Box::new(bucket))))
    }

    /// Google Drive as the environment has it, if it does.
    pub fn drive(&self) -> Result<&'static Drive, Problem> {
        let drive = if let Some(drive) = self.drive.get() {
            *drive
        } else {
            let config = DriveConfig::from_env().map_err(Problem::internal)?;
            *self.drive.get_or_init(|| config.map(|config| &*Box::leak(Box::new(Drive::new(config)))))
        };
        drive.ok_or_else(|| Problem::new(&problem::DRIVE_NOT_CONFIGURED, problem::DRIVE_NOT_CONFIGURED.title))
    }
}

/// Where a request came from, as far as the gateway knows.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// The address it came from.
    pub ip_address: Option<IpAddr>,
}

/// What a handler works with.
pub struct Context {
    services: Arc<Services>,
    token: Option<Sha256>,
    key: Option<Key>,
    transaction: Option<Transaction>,
    may_retry: bool,
    /// Where the request came from.
    pub client: Client,
    /// `User-Agent`, cut to 512 characters.
    pub user_agent: Option<String>,
}

impl Context {
    /// Does all database work of a request: one flight with `begin`, the caller's identity, the statements, `commit`.
    pub async fn fly<const N: usize>(&mut self, statements: [Sql; N]) -> Result<[Vec<Row>; N], Problem> {
        if let Some(transaction) = &mut self.transaction {
            return Ok(transaction.fly(&statements).await?);
        }
        let services = Arc::clone(&self.services);
        let database = services.database()?;
        if let Some(key) = &self.key {
            // With an Idempotency-Key the reply is kept in the same transaction, which therefore takes a second flight:
            // what to keep is known only when the first has answered.
            let (transaction, rows) = match database.begin(self.token.as_ref(), key, &statements).await {
                Err(error) if is_replay(&error) => return Err(Problem::internal(Replay)),
                result => result?,
            };
            self.transaction = Some(transaction);
            return Ok(rows);
        }
        Ok(database.fly(self.token.as_ref(), &statements, self.may_retry).await?)
    }

    /// One statement, any number of rows.
    pub async fn list<T: FromRow>(&mut self, statement: Sql) -> Result<Vec<T>, Problem> {
        let [rows] = self.fly([statement]).await?;
        read_all(&rows)
    }

    /// One statement, and the row it must find: otherwise the resource does not exist, or is not the caller's.
    pub async fn one<T: FromRow>(&mut self, statement: Sql) -> Result<T, Problem> {
        let [rows] = self.fly([statement]).await?;
        read_one(&rows)
    }

    /// The bucket.
    pub fn bucket(&self) -> Result<&'static Bucket, Problem> {
        self.services.bucket()
    }

    /// Google Drive, if the service has it set up.
    pub fn drive(&self) -> Result<&'static Drive, Problem> {
        self.services.drive()
    }

    /// Whether the request carries a token.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        self.token.is_some()
    }
}

/// Reads every row.
pub fn read_all<T: FromRow>(rows: &[Row]) -> Result<Vec<T>, Problem> {
    rows.iter().map(T::from_row).collect::<Result<_, _>>().map_err(Problem::internal)
}

/// Reads the row that must be there: otherwise the resource does not exist, or is not the caller's.
pub fn read_one<T: FromRow>(rows: &[Row]) -> Result<T, Problem> {
    let row = rows.first().ok_or_else(Problem::not_found)?;
    T::from_row(row).map_err(Problem::internal)
}

/// Ends the handler of a request that was answered before; never leaves this module.
#[derive(Debug)]
struct Replay;

impl std::fmt::Display for Replay {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the reply is to be given again")
    }
}

impl std::error::Error for Replay {}

/// Answers a request: reads it, runs the handler, commits what it did, and turns whatever happens into a response.
pub async fn answer<E: Endpoint>(services: Arc<Services>, request: http::Request<Bytes>) -> Response<Bytes> {
    let mut response = match try_answer::<E>(services, &request).await {
        Ok(response) => response,
        Err(problem) => {
            if problem.kind().status >= 500 {
                let cause = problem.cause().map(|cause| format!("{cause:#}"));
                tracing::error!(
                    code = problem.kind().code,
                    cause = cause.as_deref(),
                    endpoint = std::any::type_name::<E>(),
                    request_id = request.extensions().get::<RequestId>().map(|id| id.0.as_str()),
                    "a request failed"
                );
            }
            problem.into_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Replies are the caller's own: only the caller's cache may keep them, and must ask before each use.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    // What pages of other origins may read; the gateway says so too, `cargo lambda watch` does not.
    let exposed = HeaderValue::from_static("content-disposition, etag, link, location, retry-after");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    response
}

/// The platform's name for a request, for the log.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

async fn try_answer<E: Endpoint>(
    services: Arc<Services>,
    request: &http::Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let token = identity::bearer(E::ROUTE.access, request.headers())?;
    let input = Input::<E>::read(request)?;
    let mut context = Context {
        services,
        token,
        key: Key::of(request)?,
        transaction: None,
        may_retry: E::ROUTE.method == "GET",
        client: request.extensions().get::<Client>().cloned().unwrap_or_default(),
        user_agent: request
            .headers()
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(|value| value.chars().take(512).collect()),
    };
    let result = E::handle(input, &mut context).await.and_then(Reply::into_response);
    let response = match (result, context.transaction.take(), &context.key) {
        (Err(problem), ..) if problem.cause().is_some_and(anyhow::Error::is::<Replay>) => return replay(context).await,
        (Ok(response), Some(transaction), Some(key)) => {
            transaction.commit(key, key.seal(&response)?).await?;
            response
        }
        (result, Some(transaction), _) => {
            transaction.rollback().await;
            result?
        }
        (result, None, _) => result?,
    };
    Ok(not_modified(request, response))
}

/// The reply of an earlier request with this key. Its own flight: the first one was ended by finding the key.
async fn replay(context: Context) -> Result<Response<Bytes>, Problem> {
    let key = context.key.as_ref().ok_or_else(|| Problem::internal(Replay))?;
    let statement = sql("select reply from idempotency_keys
         where caller = idempotency_caller() and key_hash = $1")
    .bind(key.hash.0.to_vec());
    let [rows] = context.services.database()?.fly(context.token.as_ref(), &[statement], true).await?;
    let sealed: Vec<u8> = rows.first().ok_or_else(Problem::not_found)?.try_get("reply").map_err(Problem::internal)?;
    key.unseal(&sealed)
}

/// 304 where the caller's `If-None-Match` already names what a GET found.
fn not_modified(request: &http::Request<Bytes>, mut response: Response<Bytes>) -> Response<Bytes> {
    let (Some(etag), Some(known)) =
        (response.headers().get(header::ETAG), request.headers().get(header::IF_NONE_MATCH))
    else {
        return response;
    };
    let known = known.to_str().unwrap_or_default();
    let matches =
        known.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == "*" || tag.as_bytes() == etag);
    if request.method() == http::Method::GET && response.status() == StatusCode::OK && matches {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(header::CONTENT_TYPE);
        *response.body_mut() = Bytes::new();
    }
    response
}
