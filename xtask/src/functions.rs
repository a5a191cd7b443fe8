//! The functions: built, migrated for, and served by `cargo lambda watch`.
//!
//! Development builds name targets and never packages: for a chosen package cargo would build the dependencies again,
//! with that package's features alone. `cargo lambda watch` and the tests do the same, and share one build.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;

use crate::command;
use crate::http;
use crate::project::{self, Project};
use crate::service::{Service, Spec};
use crate::tools::Tools;
use crate::variables::Variables;

/// Instances of one function at a time. Each takes one request, as on Lambda, and keeps a connection or two.
const CONCURRENCY: &str = "2";

/// Time for the first answer, which `cargo run` precedes.
const FIRST_ANSWER: Duration = Duration::from_mins(2);

/// Builds every function for this machine.
pub(crate) fn build(project: &Project) -> Result<()> {
    command::run(command::cargo(project.root()).args(["build", "--bins"])).context("the functions do not build")
}

/// Whether what the functions share and their endpoints compile.
pub(crate) fn compile(project: &Project) -> Result<bool> {
    let mut cargo = command::cargo(project.root());
    Ok(command::status(cargo.args(["build", "--lib"]))?.success())
}

/// The command that migrates the database that its environment names, and then creates the API's login.
pub(crate) fn migrate(project: &Project) -> Command {
    let mut cargo = command::cargo(project.root());
    cargo.args(["run", "--quiet", "--bin", "migrate"]);
    cargo
}

/// Where the functions are served and with what.
pub(crate) struct Serving<'a> {
    /// The port on 127.0.0.1.
    pub(crate) port: u16,
    /// What the functions read.
    pub(crate) variables: &'a Variables,
    /// An empty folder for it to start in.
    pub(crate) folder: &'a Path,
    /// Where their output goes.
    pub(crate) log: &'a Path,
}

/// A running `cargo lambda watch`.
pub(crate) struct Watch(Service);

impl Watch {
    /// Starts it, and waits until it answers.
    pub(crate) fn start(project: &Project, tools: &Tools, serving: &Serving) -> Result<Self> {
        let mut command = tools.cargo_lambda()?;
        command
            .args(["watch", "--invoke-address", "127.0.0.1", "--concurrency", CONCURRENCY])
            .args(["--invoke-port", &serving.port.to_string()])
            .arg("--manifest-path")
            .arg(project.path("Cargo.toml"))
            // Reloading is ours: for each function it would watch every folder below the current one, `target`
            // included, and run into the system's limits. It does so even now, hence the empty folder.
            .arg("--ignore-changes")
            .current_dir(project::private_folder(serving.folder.to_owned())?);
        serving.variables.give_to(&mut command);
        // The functions must do with the API's own login.
        command.env_remove("OWNER_DATABASE_URL").env_remove("JOBS_DATABASE_URL");
        let name = "cargo lambda watch";
        let spec = Spec { name, command, stop: Signal::SIGTERM, unprivileged: false, log: serving.log };
        let mut service = Service::start(&spec)?;
        // One patient request: to give up one that waits for `cargo run` confuses the runtime's emulator.
        let health = format!("{}/v1/health", url(serving.port));
        service.wait_until_ready(FIRST_ANSWER, || http::answers(&health))?;
        Ok(Self(service))
    }

    /// Fails if it has ended.
    pub(crate) fn ensure_running(&mut self) -> Result<()> {
        self.0.ensure_running()
    }
}

/// Where the functions answer.
pub(crate) fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
