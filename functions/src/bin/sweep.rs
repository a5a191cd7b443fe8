//! Removes for good what nobody can reach any more, and takes silent generation runs for failed: on a schedule as a Lambda
//! function, or once, by hand, outside of Lambda.
//!
//! `sweep [--dry-run] [--runs-only] [--prefix <prefix>]…`: with `--dry-run` it only says what it would do; with
//! `--runs-only` it looks for silent runs and nothing else; with prefixes below `blobs/`, `images/` or `sources/` it keeps to
//! these in the bucket. An event may say `dry_run` and `runs_only`.

use std::time::Duration;

use anyhow::bail;
use shared::{
    bucket::{Bucket, PREFIXES},
    config::{BucketConfig, DatabaseConfig},
    scheduled::{self, Call},
    sweep::{self, Report, Settings},
};

/// How long before the platform would kill it a run ends by itself: longer than what a batch takes.
const SPARE: Duration = Duration::from_mins(2);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    scheduled::main(SPARE, run).await
}

async fn run(call: Call) -> anyhow::Result<String> {
    let settings = settings(call)?;
    let jobs = DatabaseConfig::jobs_from_env()?;
    let bucket = Bucket::new(BucketConfig::from_env()?)?;
    let report: Report = sweep::run(&jobs, &bucket, &settings).await?;
    Ok(format!("{} {report}.", if settings.dry_run { "Would sweep" } else { "Swept" }))
}

fn settings(call: Call) -> anyhow::Result<Settings> {
    let mut settings = Settings {
        dry_run: call.event["dry_run"] == true,
        runs_only: call.event["runs_only"] == true,
        until: call.until,
        ..Settings::default()
    };
    let mut prefixes = Vec::new();
    let mut arguments = call.arguments.into_iter();
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
