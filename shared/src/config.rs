//! Configuration from environment variables, under the names the seed documents gave them.

use std::{env, fmt, time::Duration};

use crate::seal::Keyring;

/// A variable that is missing or malformed: one line that names it.
#[derive(Debug)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

fn optional(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn required(name: &str) -> Result<String, ConfigError> {
    optional(name).ok_or_else(|| ConfigError(format!("{name} is not set")))
}

fn parsed<T: std::str::FromStr>(name: &str, default: T, expected: &str) -> Result<T, ConfigError> {
    match optional(name) {
        None => Ok(default),
        Some(value) => value.parse().map_err(|_| ConfigError(format!("{name} is {value:?}: expected {expected}"))),
    }
}

/// How to reach PostgreSQL.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `postgres://user:password@host:port/database`.
    pub url: String,
    /// Whether to speak TLS; certificates are always verified.
    pub tls: bool,
    /// A PEM file with the certificate authorities to trust beside the public ones, such as Amazon RDS's own.
    pub certificate_authorities: Option<String>,
    /// Connections one process keeps at most.
    pub pool_size: usize,
    /// How long to wait for a connection, and for a request's work, before answering 503.
    pub timeout: Duration,
    /// Whether statements are prepared under names: off where a pooler without support for them stands between.
    pub named_statements: bool,
}

impl DatabaseConfig {
    /// Reads `APP_DATABASE_URL` or else `DATABASE_URL`, and the settings beside it.
    pub fn from_env() -> Result<Self, ConfigError> {
        let url = optional("APP_DATABASE_URL")
            .map_or_else(|| required("DATABASE_URL"), Ok)
            .map_err(|_| ConfigError("DATABASE_URL is not set (nor APP_DATABASE_URL, which would win)".to_owned()))?;
        Self::with_url("DATABASE_URL", url)
    }

    /// The same settings for the owner of the schema: `OWNER_DATABASE_URL`.
    pub fn owner_from_env() -> Result<Self, ConfigError> {
        Self::with_url("OWNER_DATABASE_URL", required("OWNER_DATABASE_URL")?)
    }

    /// The same settings for what runs on a schedule: `JOBS_DATABASE_URL`.
    pub fn jobs_from_env() -> Result<Self, ConfigError> {
        Self::with_url("JOBS_DATABASE_URL", required("JOBS_DATABASE_URL")?)
    }

    fn with_url(name: &str, url: String) -> Result<Self, ConfigError> {
        if url.parse::<tokio_postgres::Config>().is_err() {
            let expected = "postgres://user:password@host:port/database";
            return Err(ConfigError(format!("{name} cannot be read: expected {expected}")));
        }
        Ok(Self {
            url,
            tls: parsed("DATABASE_SSL", false, "true or false")?,
            certificate_authorities: optional("DATABASE_SSL_CA"),
            pool_size: parsed("DATABASE_POOL_SIZE", 10, "a number of connections")?,
            timeout: Duration::from_millis(parsed("DATABASE_TIMEOUT", 5_000, "a number of milliseconds")?),
            named_statements: parsed("DATABASE_NAMED_STATEMENTS", true, "true or false")?,
        })
    }
}

/// How to reach the bucket.
#[derive(Clone)]
pub struct BucketConfig {
    /// The bucket's name.
    pub name: String,
    /// Its region; `auto` for stores that have none.
    pub region: String,
    /// `scheme://host` of an S3-compatible store, addressed by path; unset for Amazon S3 itself.
    pub endpoint: Option<String>,
    /// Where public images are served from without a signature, when a CDN stands before the bucket.
    pub public_base_url: Option<String>,
    /// Key id and secret; the process's own credentials (a Lambda role's) where unset.
    pub keys: Option<(String, String)>,
}

impl BucketConfig {
    /// Reads `S3_BUCKET`, `S3_REGION` and the settings beside them.
    ///
    /// `STORAGE_MODE` may be `s3` or unset: unset is the development stack, whose own S3 server keeps files under
    /// `data/` and is described by the same variables.
    pub fn from_env() -> Result<Self, ConfigError> {
        if let Some(mode) = optional("STORAGE_MODE").filter(|mode| mode != "s3") {
            return Err(ConfigError(format!("STORAGE_MODE is {mode:?}: expected s3, or nothing")));
        }
        let keys = match (optional("S3_ACCESS_KEY_ID"), optional("S3_SECRET_ACCESS_KEY")) {
            (Some(id), Some(secret)) => Some((id, secret)),
            (None, None) => None,
            (Some(_), None) => return Err(ConfigError("S3_SECRET_ACCESS_KEY is not set".to_owned())),
            (None, Some(_)) => return Err(ConfigError("S3_ACCESS_KEY_ID is not set".to_owned())),
        };
        Ok(Self {
            name: required("S3_BUCKET")?,
            region: required("S3_REGION")?,
            endpoint: url("S3_ENDPOINT")?,
            public_base_url: url("STORAGE_PUBLIC_BASE_URL")?,
            keys,
        })
    }
}

/// How to reach Google Drive, and to keep what lets us.
pub struct DriveConfig {
    /// The OAuth client, as Google's console names it.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// `scheme://host` of the Drive API.
    pub api_url: String,
    /// `scheme://host` of the OAuth endpoints.
    pub oauth_url: String,
    /// What seals tokens.
    pub keys: Keyring,
    /// Bytes of each part of an upload but the last: a multiple of 256 KiB.
    pub chunk: usize,
}

impl DriveConfig {
    /// Reads `GOOGLE_CLIENT_ID` and the settings beside it; nothing where that is unset, as not everyone has Drive.
    pub fn from_env() -> Result<Option<Self>, ConfigError> {
        let Some(client_id) = optional("GOOGLE_CLIENT_ID") else { return Ok(None) };
        let keys = required("DRIVE_TOKEN_KEYS")?;
        // The value holds keys: it is not repeated.
        let keys = keys.parse().map_err(|error| ConfigError(format!("DRIVE_TOKEN_KEYS cannot be read: {error}")))?;
        let kibibytes: usize = parsed("DRIVE_CHUNK", 8192, "a number of KiB")?;
        if kibibytes == 0 || !kibibytes.is_multiple_of(256) || kibibytes > 65_536 {
            let expected = "a multiple of 256, at most 65536";
            return Err(ConfigError(format!("DRIVE_CHUNK is {kibibytes}: expected {expected}")));
        }
        Ok(Some(Self {
            client_id,
            client_secret: required("GOOGLE_CLIENT_SECRET")?,
            api_url: secure_url("GOOGLE_API_URL", "https://www.googleapis.com")?,
            oauth_url: secure_url("GOOGLE_OAUTH_URL", "https://oauth2.googleapis.com")?,
            keys,
            chunk: kibibytes * 1024,
        }))
    }
}

/// Tokens go there: over TLS, unless it is this machine.
fn secure_url(name: &str, default: &str) -> Result<String, ConfigError> {
    let url = url(name)?.unwrap_or_else(|| default.to_owned());
    let host = url.strip_prefix("http://").map(|rest| rest.split([':', '/']).next().unwrap_or_default());
    match host {
        None | Some("127.0.0.1" | "localhost") => Ok(url),
        Some(_) => Err(ConfigError(format!("{name} is {url:?}: expected https://"))),
    }
}

fn url(name: &str) -> Result<Option<String>, ConfigError> {
    match optional(name) {
        Some(value) if !value.starts_with("http://") && !value.starts_with("https://") => {
            Err(ConfigError(format!("{name} is {value:?}: expected http:// or https:// and a host")))
        }
        value => Ok(value.map(|value| value.trim_end_matches('/').to_owned())),
    }
}
