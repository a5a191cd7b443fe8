//! A PostgreSQL server of our own on 127.0.0.1.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use postgres::{Client, NoTls};

use crate::credentials::Credentials;
use crate::interrupt;
use crate::project;
use crate::service::{self, Service, Spec};
use crate::tools::Tools;

/// The database that the project lives in.
const DATABASE: &str = "atelier";

/// How long a server may take to come up: long enough to recover after a crash.
const START: Duration = Duration::from_mins(1);

/// How safely a server keeps its data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It survives anything.
    Full,
    /// It may be lost with the power: quicker, for tests.
    None,
}

/// A running server.
pub(crate) struct Postgres {
    /// The server's process.
    pub(crate) service: Service,
    /// Where its owner connects.
    pub(crate) url: String,
}

impl Postgres {
    /// Starts the server whose data lie in a folder, which is created first if need be.
    pub(crate) fn start(
        tools: &Tools,
        credentials: &Credentials,
        durability: Durability,
        folder: &Path,
    ) -> Result<Self> {
        let data = folder.join("postgres");
        if !data.exists() {
            initialize(tools, credentials, durability, folder, &data)?;
        }
        wait_for_predecessor(&data)?;
        let mut command = tools.postgres("postgres")?;
        command.arg("-D").arg(&data);
        for setting in settings(credentials.postgres_port, durability) {
            command.arg("-c").arg(setting);
        }
        let log = folder.join("postgres.log");
        // SIGINT is PostgreSQL's fast shutdown: it ends every connection and leaves a clean database.
        let spec = Spec { name: "PostgreSQL", command, stop: Signal::SIGINT, unprivileged: true, log: &log };
        let mut service = Service::start(&spec)?;
        let maintenance = url(credentials, "postgres");
        service.wait_until_ready(START, || Client::connect(&maintenance, NoTls).is_ok())?;
        create_database(&maintenance).context("could not create the database")?;
        Ok(Self { service, url: url(credentials, DATABASE) })
    }
}

fn url(credentials: &Credentials, database: &str) -> String {
    let Credentials { owner_password, postgres_port, .. } = credentials;
    format!("postgres://postgres:{owner_password}@127.0.0.1:{postgres_port}/{database}")
}

/// Creates the server's data in a draft folder first, so that a broken attempt is not taken for data.
fn initialize(
    tools: &Tools,
    credentials: &Credentials,
    durability: Durability,
    folder: &Path,
    data: &Path,
) -> Result<()> {
    let draft = folder.join("postgres.draft");
    project::remove_folder(&draft)?;
    let password = folder.join("postgres.password");
    project::write_private(&password, &credentials.owner_password)?;
    let mut command = tools.postgres("initdb")?;
    command.arg("-D").arg(&draft).arg("--pwfile").arg(&password);
    command.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"]);
    // PostgreSQL's own C.UTF-8 is the same on every machine, whatever locales it has.
    command.args(["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]);
    if durability == Durability::None {
        command.arg("--no-sync");
    }
    let result = service::run_unprivileged(&command).context("could not create the database's files");
    fs::remove_file(&password).ok();
    result?;
    fs::rename(&draft, data).with_context(|| format!("could not create {}", data.display()))
}

fn settings(port: u16, durability: Durability) -> Vec<String> {
    let mut settings = vec![
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        // A socket's path may be too long in a deep folder, and nobody needs it.
        "unix_socket_directories=".to_owned(),
        "max_connections=200".to_owned(),
        "shared_preload_libraries=pg_stat_statements".to_owned(),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
    ];
    if durability == Durability::None {
        settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(str::to_owned));
    }
    settings
}

/// A server that lost its xtask to `kill -9` may still be stopping.
fn wait_for_predecessor(data: &Path) -> Result<()> {
    let predecessor = fs::read_to_string(data.join("postmaster.pid"))
        .ok()
        .and_then(|text| text.lines().next()?.parse().ok())
        .map(Pid::from_raw);
    let Some(predecessor) = predecessor else {
        return Ok(());
    };
    // Should another program have the number by now, PostgreSQL itself sees that.
    interrupt::poll(Duration::from_secs(10), || Ok(kill(predecessor, None).is_err().then_some(()))).map(drop)
}

fn create_database(maintenance: &str) -> Result<()> {
    let mut client = Client::connect(maintenance, NoTls)?;
    if client.query_opt("select from pg_database where datname = $1", &[&DATABASE])?.is_none() {
        client.batch_execute(&format!("create database {DATABASE}"))?;
    }
    Ok(())
}
