//! The benchmark: what starting, memory, size and requests cost, beside a floor of the same profile.
//!
//! Everything is measured in several rounds, in turns with what it is compared with, and told as the median of the
//! rounds: a busy machine then spoils both alike.

mod binaries;
mod million;
mod report;
mod requests;

use std::path::PathBuf;

use harness::{database, runtime_api};
use report::Report;

const HELP: &str = "\
Measures the release binaries and the request path. `cargo xtask bench` builds and starts what it needs.

  --artifacts N    artifacts in the database (1000000)
  --rounds N       rounds of each measurement, at least 5 (7)
  --json FILE      also write the numbers there
  --database NAME  measure in this database, which an earlier run kept
  --keep           keep the database
";

/// What to measure.
struct Options {
    artifacts: i64,
    rounds: usize,
    json: Option<PathBuf>,
    database: Option<String>,
    keep: bool,
}

impl Options {
    fn from_arguments() -> Result<Self, String> {
        let mut options = Self { artifacts: 1_000_000, rounds: 7, json: None, database: None, keep: false };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
            let number = |value: String| value.parse().map_err(|_| format!("{value} is no number"));
            match argument.as_str() {
                "--artifacts" => options.artifacts = number(value()?)?,
                "--rounds" => options.rounds = usize::try_from(number(value()?)?).unwrap_or_default().max(5),
                "--json" => options.json = Some(value()?.into()),
                "--database" => options.database = Some(value()?),
                "--keep" => options.keep = true,
                "--help" => return Err(HELP.to_owned()),
                _ => return Err(format!("{argument} is unknown\n\n{HELP}")),
            }
        }
        if options.artifacts < 1_000 { Err("--artifacts: at least 1000".to_owned()) } else { Ok(options) }
    }
}

// As in a function: one thread.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let options = match Options::from_arguments() {
        Ok(options) => options,
        Err(message) => {
            println!("{message}");
            return Ok(());
        }
    };
    // They must be there, which is better known now than after minutes.
    for name in functions::endpoints().into_iter().map(|entry| entry.name).chain(["floor".to_owned()]) {
        let _ = runtime_api::program(&name);
    }
    let machine = report::machine();
    println!("{machine}");
    let (name, is_ours) = match options.database {
        Some(name) => (name, false),
        None => (million::create(options.artifacts).await?, !options.keep),
    };
    let url = database::url(Some(database::LOGIN), &name);
    let subject = million::Subject::read(&database::url(None, &name)).await?;

    let mut report = Report::default();
    requests::measure(&url, &subject, options.rounds, &mut report).await?;
    let binaries = binaries::measure(&url, &subject, options.rounds, &mut report).await?;

    let superuser = database::connect(&database::superuser_url()).await;
    if is_ours {
        superuser.batch_execute(&format!("drop database {name} with (force)")).await?;
    } else {
        println!("The database {name} is kept: measure in it again with --database {name}.");
    }
    println!(
        "\n{machine}; {} artifacts; medians of {} rounds\n\n{binaries}\n{report}",
        subject.artifacts, options.rounds
    );
    if let Some(path) = options.json {
        std::fs::write(path, report.json(&machine).to_string())?;
    }
    Ok(())
}
