//! Does what takes longer than a request, as the table `jobs` says: each minute as a Lambda function, or once, by hand, outside
//! of Lambda. docs/drive.md tells what that is.

use std::time::Duration;

use anyhow::Context as _;
use shared::{
    bucket::Bucket,
    config::{BucketConfig, DatabaseConfig, DriveConfig},
    drive::{Drive, worker},
    scheduled::{self, Call},
};

/// How long before the platform would kill it a run ends by itself: longer than a call takes.
const SPARE: Duration = Duration::from_secs(90);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    scheduled::main(SPARE, run).await
}

async fn run(call: Call) -> anyhow::Result<String> {
    let jobs = DatabaseConfig::jobs_from_env()?;
    let bucket = Bucket::new(BucketConfig::from_env()?)?;
    let drive = Drive::new(DriveConfig::from_env()?.context("GOOGLE_CLIENT_ID is not set")?);
    let report = worker::run(&jobs, &bucket, &drive, call.until).await?;
    Ok(format!("Jobs: {report}."))
}
