//! An S3 server of our own on 127.0.0.1.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;

use crate::command;
use crate::credentials::Credentials;
use crate::http;
use crate::project;
use crate::service::{Service, Spec};
use crate::tools::Tools;

/// The bucket that the project's bytes live in.
pub(crate) const BUCKET: &str = "atelier";

/// The region that signatures name.
pub(crate) const REGION: &str = "us-east-1";

/// Creates the bucket, lets pages of any origin use signed URLs, and makes sure that signatures are checked.
const PREPARE: &str = include_str!("../tools/bucket.py");

/// A running server.
pub(crate) struct Bucket {
    /// The server's process.
    pub(crate) service: Service,
    /// Where it answers.
    pub(crate) endpoint: String,
}

impl Bucket {
    /// Starts the server that keeps its objects in a folder, and prepares its bucket.
    pub(crate) fn start(tools: &Tools, credentials: &Credentials, folder: &Path) -> Result<Self> {
        let port = credentials.s3_port;
        let objects = project::private_folder(folder.join("bucket"))?;
        let temporary = project::private_folder(folder.join("bucket.tmp"))?;
        let log = folder.join("bucket.log");

        let mut command = tools.python();
        command
            .args(["-m", "ministack"])
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("SERVICES", "s3,iam,sts")
            .env("S3_PERSIST", "1")
            .env("S3_DATA_DIR", objects)
            .env("TMPDIR", temporary)
            // Without it every signature is accepted.
            .env("AUTH", "true")
            .env("AWS_ACCESS_KEY_ID", &credentials.s3_access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &credentials.s3_secret_access_key)
            .env_remove("AWS_SESSION_TOKEN")
            // It would listen on a fixed port, and look after containers that are not ours.
            .env("IOT_MTLS_ENABLED", "0")
            .env("SFTP_ENABLED", "0")
            .env("DOCKER_HOST", "unix:///nonexistent");
        let spec = Spec { name: "the S3 server", command, stop: Signal::SIGTERM, unprivileged: false, log: &log };
        let mut service = Service::start(&spec)?;
        let endpoint = format!("http://127.0.0.1:{port}");
        let health = format!("{endpoint}/_ministack/health");
        service.wait_until_ready(Duration::from_secs(30), || http::answers(&health))?;
        prepare(tools, credentials, &endpoint).context("could not prepare the bucket")?;
        Ok(Self { service, endpoint })
    }
}

fn prepare(tools: &Tools, credentials: &Credentials, endpoint: &str) -> Result<()> {
    let mut command = tools.python();
    command
        .args(["-c", PREPARE, endpoint, REGION, BUCKET])
        .env("AWS_ACCESS_KEY_ID", &credentials.s3_access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", &credentials.s3_secret_access_key)
        .env_remove("AWS_SESSION_TOKEN")
        .env_remove("AWS_PROFILE");
    command::output(&mut command).map(drop)
}
