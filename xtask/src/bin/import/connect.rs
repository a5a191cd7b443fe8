//! Connections to databases that may be far away.

use std::time::Duration;

use anyhow::{Context, Result};
use shared::config::DatabaseConfig;
use shared::database;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};

/// Connects. `sslmode` of the URL decides about TLS, whose certificates are verified in every mode that uses it.
pub(crate) async fn connect(what: &str, url: &str) -> Result<(Client, String)> {
    // The names that libpq has for what is always done here.
    let understood =
        url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
    let mut config: Config = understood.parse().ok().with_context(|| {
        format!("the {what}'s URL cannot be read: expected postgres://user:password@host:port/database")
    })?;
    config
        .application_name("atelier import")
        .connect_timeout(Duration::from_secs(10))
        .keepalives_idle(Duration::from_mins(1));
    let place = place(&config);
    let client = open(&config, understood).await.with_context(|| format!("no connection to the {what}, {place}"))?;
    Ok((client, place))
}

async fn open(config: &Config, url: String) -> Result<Client> {
    if config.get_ssl_mode() == SslMode::Disable {
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        return Ok(client);
    }
    let settings = DatabaseConfig {
        url,
        tls: true,
        certificate_authorities: std::env::var("DATABASE_SSL_CA").ok().filter(|path| !path.is_empty()),
        pool_size: 1,
        timeout: Duration::from_secs(10),
        named_statements: true,
    };
    let (client, connection) = config.connect(database::tls_connector(&settings)?).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Host, port and database: what tells one database from another, without credentials.
fn place(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("{host}:{port}/{database}")
}
