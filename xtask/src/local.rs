//! The stack of one's own machine, whose data live in `data/`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::command;
use crate::credentials::Credentials;
use crate::functions;
use crate::interrupt;
use crate::lock::Lock;
use crate::postgres::Durability;
use crate::progress::step;
use crate::project::{self, Project};
use crate::stack::{Own, Stack};
use crate::tools::Tools;
use crate::variables::Variables;

/// The file of the stack's passwords and ports.
const CREDENTIALS: &str = "credentials.json";

/// What to do with the data of before.
#[derive(Args)]
pub(crate) struct DataOptions {
    /// Delete everything the stack keeps under data/ and start anew.
    #[arg(long)]
    pub(crate) reset: bool,
}

/// The running servers. No other xtask can start them as long as this lives.
pub(crate) struct Local {
    _announced: Announced,
    /// PostgreSQL and S3.
    pub(crate) stack: Stack,
    /// The tools that run them.
    pub(crate) tools: Tools,
    _lock: Lock,
}

impl Local {
    /// Starts them.
    pub(crate) fn start(project: &Project, options: &DataOptions, url: Option<&str>) -> Result<Self> {
        let data = project.data()?;
        let Some(lock) = Lock::try_take(&data.join("lock"))? else {
            bail!(
                "the stack of this folder is running already: use it (`cargo xtask env`) or stop it with Ctrl-C where it runs"
            );
        };
        let own = Own::from_environment();
        let tools = Tools::fetch(project)?;
        if options.reset {
            step("Deleting the old data", || delete(&data))?;
        }
        let credentials = Credentials::load_or_generate(&data.join(CREDENTIALS))?;
        let mut stack = Stack::start(&tools, &credentials, own, Durability::Full, &data)?;
        if let Some(url) = url {
            stack.variables.set("ATELIER_URL", url);
        }
        let announced = Announced(data.join("stack.env"));
        stack.variables.write(&announced.0)?;
        Ok(Self { _announced: announced, stack, tools, _lock: lock })
    }
}

/// Deletes what the stack keeps, and nothing of a test run beside it.
fn delete(data: &Path) -> Result<()> {
    for folder in ["postgres", "bucket"] {
        project::remove_folder(&data.join(folder))?;
    }
    match fs::remove_file(data.join(CREDENTIALS)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context("could not delete the credentials"),
        _ => Ok(()),
    }
}

/// The file that tells other commands of the running stack; gone when it stops.
struct Announced(PathBuf);

impl Drop for Announced {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

/// Starts PostgreSQL and S3 alone, prints their variables, and keeps them until Ctrl-C.
pub(crate) fn servers(project: &Project, options: &DataOptions) -> Result<()> {
    let mut local = Local::start(project, options, None)?;
    print!("{}", local.stack.variables.to_shell());
    eprintln!("PostgreSQL and S3 are running; Ctrl-C stops them.");
    while !interrupt::requested() {
        std::thread::sleep(Duration::from_millis(50));
        local.stack.ensure_running()?;
    }
    eprintln!("Stopping.");
    Ok(())
}

/// Migrates the running stack's database; without one, the database that the caller's environment names.
pub(crate) fn migrate(project: &Project) -> Result<()> {
    let mut migrate = functions::migrate(project);
    match variables(project) {
        Ok(variables) => variables.give_to(&mut migrate),
        Err(error) if std::env::var_os("OWNER_DATABASE_URL").is_none() => {
            return Err(error.context("there is no database to migrate: OWNER_DATABASE_URL is not set"));
        }
        Err(_) => {}
    }
    command::run(&mut migrate)
}

/// The running stack's variables.
pub(crate) fn variables(project: &Project) -> Result<Variables> {
    Variables::from_shell(&running_variables(project)?)
}

/// Prints the running stack's variables.
pub(crate) fn print_variables(project: &Project) -> Result<()> {
    print!("{}", running_variables(project)?);
    Ok(())
}

/// The running stack's variables, as lines for a shell.
fn running_variables(project: &Project) -> Result<String> {
    const NONE: &str = "no stack is running in this folder: start one with `cargo xtask up`";
    let data = project.path("data");
    if !data.exists() || Lock::try_take(&data.join("lock"))?.is_some() {
        bail!(NONE);
    }
    fs::read_to_string(data.join("stack.env")).context(NONE)
}
