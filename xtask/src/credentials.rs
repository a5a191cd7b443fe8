//! The secrets and ports of a local stack: made once, kept with its data.

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::project;

/// What a stack is reached by.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Credentials {
    /// The password of PostgreSQL's superuser.
    pub(crate) owner_password: String,
    /// The password of the API's own login.
    pub(crate) api_password: String,
    /// The password of the login of what runs on a schedule; made where a file of before has none.
    #[serde(default)]
    pub(crate) jobs_password: String,
    /// The bucket's access key.
    pub(crate) s3_access_key_id: String,
    /// The bucket's secret key.
    pub(crate) s3_secret_access_key: String,
    /// The port PostgreSQL last had; kept if it is still free, so that other programs' settings stay valid.
    pub(crate) postgres_port: u16,
    /// The port the S3 server last had.
    pub(crate) s3_port: u16,
}

impl Credentials {
    /// Makes new ones.
    pub(crate) fn generate() -> Result<Self> {
        Ok(Self {
            owner_password: random_hex(16)?,
            api_password: random_hex(16)?,
            jobs_password: random_hex(16)?,
            s3_access_key_id: format!("ATELIER{}", random_hex(6)?.to_uppercase()),
            s3_secret_access_key: random_hex(20)?,
            postgres_port: free_port(None)?,
            s3_port: free_port(None)?,
        })
    }

    /// Reads them from a file, or makes new ones and writes them there.
    pub(crate) fn load_or_generate(path: &Path) -> Result<Self> {
        let credentials = if path.exists() {
            let text = fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
            let kept: Self = serde_json::from_str(&text)
                .with_context(|| format!("{} is damaged: `cargo xtask up --reset` starts anew", path.display()))?;
            Self {
                postgres_port: free_port(Some(kept.postgres_port))?,
                s3_port: free_port(Some(kept.s3_port))?,
                jobs_password: if kept.jobs_password.is_empty() { random_hex(16)? } else { kept.jobs_password },
                ..kept
            }
        } else {
            Self::generate()?
        };
        project::write_private(path, &serde_json::to_string_pretty(&credentials)?)?;
        Ok(credentials)
    }
}

/// A port of 127.0.0.1 that nobody listens on, the wished one if possible.
pub(crate) fn free_port(wished: Option<u16>) -> Result<u16> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|listener| listener.local_addr());
    let address = match wished.map(bind) {
        Some(Ok(address)) => address,
        _ => bind(0).context("there is no free port on 127.0.0.1")?,
    };
    Ok(address.port())
}

fn random_hex(bytes: usize) -> Result<String> {
    let mut buffer = vec![0; bytes];
    fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut buffer))
        .context("the system has no source of random numbers")?;
    Ok(hex::encode(buffer))
}
