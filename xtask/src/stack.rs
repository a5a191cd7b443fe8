//! PostgreSQL and S3 together: started here, or the caller's own.

use std::path::Path;

use anyhow::Result;

use crate::bucket::{BUCKET, Bucket, REGION};
use crate::credentials::Credentials;
use crate::database_url::with_login;
use crate::postgres::{Durability, Postgres};
use crate::progress::step;
use crate::tools::Tools;
use crate::variables::Variables;

/// The login of the API, which owns nothing; migrations create it.
const API_LOGIN: &str = "atelier_api";

/// The login of what runs on a schedule; migrations create it.
const JOBS_LOGIN: &str = "atelier_jobs";

/// Marks the variables as those of a stack that xtask started; holds the folder of its data.
const MARK: &str = "ATELIER_STACK";

/// What a stack is made of. Its servers stop when it is dropped.
pub(crate) struct Stack {
    bucket: Option<Bucket>,
    postgres: Option<Postgres>,
    /// How it is reached.
    pub(crate) variables: Variables,
}

/// Servers of the caller's own, named by the environment.
#[derive(Default)]
pub(crate) struct Own {
    /// The URL of the database's owner.
    database: Option<String>,
    /// The variables of the bucket.
    bucket: Option<Vec<(&'static str, String)>>,
}

impl Own {
    /// Reads the environment. The variables of a stack that xtask itself started, which `cargo xtask env` puts into a
    /// shell, do not count.
    pub(crate) fn from_environment() -> Self {
        if variable(MARK).is_some() {
            return Self::default();
        }
        let database = variable("APP_DATABASE_URL").or_else(|| variable("DATABASE_URL"));
        let names = ["S3_BUCKET", "S3_REGION", "S3_ENDPOINT", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"];
        let bucket =
            variable("S3_BUCKET").map(|_| names.into_iter().filter_map(|name| Some((name, variable(name)?))).collect());
        Self { database, bucket }
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Stack {
    /// Starts what the caller does not bring along, with its data in a folder.
    pub(crate) fn start(
        tools: &Tools,
        credentials: &Credentials,
        own: Own,
        durability: Durability,
        folder: &Path,
    ) -> Result<Self> {
        let mut variables = Variables::default();

        let mut postgres = None;
        let owner = if let Some(url) = own.database {
            if let Some(ssl) = variable("DATABASE_SSL") {
                variables.set("DATABASE_SSL", ssl);
            }
            url
        } else {
            let start = || Postgres::start(tools, credentials, durability, folder);
            variables.set("DATABASE_SSL", "false");
            postgres.insert(step("Starting PostgreSQL", start)?).url.clone()
        };
        variables.set("DATABASE_URL", with_login(&owner, API_LOGIN, &credentials.api_password)?);
        variables.set("JOBS_DATABASE_URL", with_login(&owner, JOBS_LOGIN, &credentials.jobs_password)?);
        variables.set("OWNER_DATABASE_URL", owner);

        let mut bucket = None;
        if let Some(names) = own.bucket {
            for (name, value) in names {
                variables.set(name, value);
            }
        } else {
            let start = || Bucket::start(tools, credentials, folder);
            let started = bucket.insert(step("Starting the S3 server", start)?);
            variables.set("S3_ENDPOINT", &started.endpoint);
            variables.set("S3_BUCKET", BUCKET);
            variables.set("S3_REGION", REGION);
            variables.set("S3_ACCESS_KEY_ID", &credentials.s3_access_key_id);
            variables.set("S3_SECRET_ACCESS_KEY", &credentials.s3_secret_access_key);
        }
        variables.set("STORAGE_MODE", "s3");
        variables.set(MARK, folder.display().to_string());
        Ok(Self { bucket, postgres, variables })
    }
    /// Fails if a server that was started here has ended.
    pub(crate) fn ensure_running(&mut self) -> Result<()> {
        if let Some(postgres) = &mut self.postgres {
            postgres.service.ensure_running()?;
        }
        if let Some(bucket) = &mut self.bucket {
            bucket.service.ensure_running()?;
        }
        Ok(())
    }
}
