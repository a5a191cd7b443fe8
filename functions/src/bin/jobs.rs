//! Does what takes longer than a request, as the table `jobs` says: each minute as a Lambda function, or once, by hand, outside
//! of Lambda. docs/drive.md tells what that is.

use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};
use shared::{
    bucket::Bucket,
    config::{BucketConfig, DatabaseConfig, DriveConfig},
    drive::{Drive, worker},
    log,
};

/// How long before the platform would kill it a run ends by itself: longer than a call takes.
const SPARE: Duration = Duration::from_secs(90);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    log::init();
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        return lambda_runtime::run(service_fn(on_event)).await;
    }
    match run(None).await {
        Ok(report) => println!("{report}"),
        Err(error) => {
            eprintln!("{error:#}");
            std::process::exit(1);
        }
    }
    Ok(())
}

async fn run(until: Option<Instant>) -> anyhow::Result<String> {
    let jobs = DatabaseConfig::jobs_from_env()?;
    let bucket = Bucket::new(BucketConfig::from_env()?)?;
    let drive = Drive::new(DriveConfig::from_env()?.context("GOOGLE_CLIENT_ID is not set")?);
    let report = worker::run(&jobs, &bucket, &drive, until).await?;
    Ok(format!("Jobs: {report}."))
}

async fn on_event(event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
    let left = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
    match run(Some(Instant::now() + left.saturating_sub(SPARE))).await {
        Ok(report) => {
            tracing::info!("{report}");
            Ok(json!({"report": report}))
        }
        Err(error) => {
            tracing::error!("{error:#}");
            Err(error.into())
        }
    }
}
