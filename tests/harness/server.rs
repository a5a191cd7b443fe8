//! The whole API in one process: every endpoint of the list behind one port, answered by the functions' own code.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, RawPathParams, Request},
    response::Response,
    routing::{MethodFilter, on},
};
use shared::{
    Entry,
    bucket::Bucket,
    config::{BucketConfig, DatabaseConfig},
    context::{Client, Services},
    database::Database,
    extract::PathParameters,
};
use tower_http::cors::CorsLayer;

use crate::{database, drive};

/// The test server's bucket.
///
/// # Panics
/// Where its variables are not set.
#[must_use]
pub fn bucket() -> Bucket {
    let config = BucketConfig::from_env().expect("the bucket's variables are set: see `cargo xtask env`");
    Bucket::new(config).expect("keys are set")
}

/// A running API.
pub struct Server {
    /// `http://127.0.0.1:<port>`.
    pub url: String,
}

impl Server {
    /// Starts one on a database.
    ///
    /// # Panics
    /// Where the bucket's variables are not set.
    #[must_use]
    pub fn start(database_url: String) -> Self {
        let mut config = database::config(database_url);
        config.named_statements = std::env::var("DATABASE_NAMED_STATEMENTS").map_or(true, |value| value != "false");
        Self::with(Database::new(&config).expect("a pool can be made"), functions::endpoints())
    }

    /// Starts one with these endpoints over this database.
    ///
    /// # Panics
    /// Where the bucket's variables are not set.
    #[must_use]
    pub fn with(database: Database, endpoints: Vec<Entry>) -> Self {
        let bucket = Box::leak(Box::new(bucket()));
        let drive = Box::leak(Box::new(drive::fake().client(drive::KEYS)));
        let services = Arc::new(Services::with(database, bucket, Some(drive)));
        let (ready, address) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                ready.send(listener.local_addr().expect("an address")).expect("someone waits");
                let router = router(&services, &endpoints).into_make_service_with_connect_info::<SocketAddr>();
                axum::serve(listener, router).await.expect("serves");
            });
        });
        Self { url: format!("http://{}", address.recv().expect("the server starts")) }
    }
}

/// An API with a database of its own, and what runs beside it on a schedule needs.
pub struct Apart {
    /// The API.
    pub server: Server,
    /// The database, as the jobs log in.
    pub jobs: DatabaseConfig,
    /// The superuser's connection to it.
    pub behind: tokio_postgres::Client,
    /// The bucket, which is everyone's.
    pub bucket: Bucket,
}

impl Apart {
    /// Starts one.
    ///
    /// # Panics
    /// Where the servers' variables are not set.
    pub async fn start() -> Self {
        let (owner, functions) = database::create_migrated().await;
        let name = owner.rsplit('/').next().expect("a database").to_owned();
        let pool = Database::new(&database::config(functions)).expect("a pool");
        Self {
            server: Server::with(pool, functions::endpoints()),
            jobs: database::config(database::grant_jobs(&owner).await),
            behind: database::connect(&database::url(None, &name)).await,
            bucket: bucket(),
        }
    }
}

fn router(services: &Arc<Services>, endpoints: &[Entry]) -> Router {
    let mut router = Router::new();
    for entry in endpoints {
        let answer = entry.answer;
        let services = Arc::clone(services);
        let handler = move |ConnectInfo(peer): ConnectInfo<SocketAddr>, parameters: RawPathParams, request: Request| {
            let services = Arc::clone(&services);
            let parameters = parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            async move {
                let (mut parts, body) = request.into_parts();
                parts.extensions.insert(PathParameters(parameters));
                parts.extensions.insert(Client { ip_address: Some(peer.ip()) });
                let body = to_bytes(body, 10 * 1024 * 1024).await.unwrap_or_default();
                let response = answer(services, http::Request::from_parts(parts, body)).await;
                Response::from(response.map(Body::from))
            }
        };
        let method =
            MethodFilter::try_from(entry.route.method.parse::<http::Method>().expect("a method")).expect("routable");
        router = router.route(&entry.route.path.replace("{path+}", "{*path}"), on(method, handler));
    }
    // What the gateway does for the functions.
    router.layer(CorsLayer::very_permissive())
}
