//! Removes for good what nobody can reach any more, and takes silent generation runs for failed: on a schedule as a Lambda
//! function, or once, by hand, outside of Lambda.
//!
//! `sweep [--dry-run] [--runs-only] [--prefix <prefix>]…`: with `--dry-run` it only says what it would do; with
//! `--runs-only` it looks for silent runs and nothing else; with prefixes below `blobs/`, `images/` or `sources/` it keeps to
//! these in the bucket.

use std::time::{Duration, Instant, SystemTime};

use anyhow::bail;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};
use shared::{
    bucket::{Bucket, PREFIXES},
    config::{BucketConfig, DatabaseConfig},
    log,
    sweep::{self, Report, Settings},
};

/// How long before the platform would kill it a run ends by itself: longer than what a batch takes.
const SPARE: Duration = Duration::from_mins(2);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    log::init();
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        return lambda_runtime::run(service_fn(on_event)).await;
    }
    let outcome = async { run(&parse(std::env::args().skip(1))?).await };
    match outcome.await {
        Ok(report) => println!("{report}"),
        Err(error) => {
            eprintln!("{error:#}");
            std::process::exit(1);
        }
    }
    Ok(())
}

fn parse(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Settings> {
    let mut settings = Settings::default();
    let mut prefixes = Vec::new();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--dry-run" => settings.dry_run = true,
            "--runs-only" => settings.runs_only = true,
            "--prefix" => match arguments.next() {
                Some(prefix) if PREFIXES.iter().any(|ours| prefix.starts_with(ours)) => prefixes.push(prefix),
                _ => bail!("--prefix must begin with one of {PREFIXES:?}"),
            },
            _ => bail!("usage: sweep [--dry-run] [--runs-only] [--prefix <prefix>]..."),
        }
    }
    if !prefixes.is_empty() {
        settings.prefixes = prefixes;
    }
    Ok(settings)
}

async fn run(settings: &Settings) -> anyhow::Result<String> {
    let jobs = DatabaseConfig::jobs_from_env()?;
    let bucket = Bucket::new(BucketConfig::from_env()?)?;
    let report: Report = sweep::run(&jobs, &bucket, settings).await?;
    Ok(format!("{} {report}.", if settings.dry_run { "Would sweep" } else { "Swept" }))
}

async fn on_event(event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
    let left = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
    let settings = Settings {
        dry_run: event.payload["dry_run"] == true,
        runs_only: event.payload["runs_only"] == true,
        until: Some(Instant::now() + left.saturating_sub(SPARE)),
        ..Settings::default()
    };
    match run(&settings).await {
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
