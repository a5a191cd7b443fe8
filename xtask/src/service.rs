//! A server that runs in the background under its guard until it is dropped.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use crate::{command, guard, interrupt};

/// How to start a server.
pub(crate) struct Spec<'a> {
    /// Its name for people.
    pub(crate) name: &'static str,
    /// The program with its arguments, environment and folder.
    pub(crate) command: Command,
    /// The signal that stops it.
    pub(crate) stop: Signal,
    /// Whether it must not run as root.
    pub(crate) unprivileged: bool,
    /// Where its output goes.
    pub(crate) log: &'a Path,
}

/// A running server.
pub(crate) struct Service {
    name: &'static str,
    guard: Child,
    /// Closing it stops the server.
    leash: Option<ChildStdin>,
    log: PathBuf,
}

impl Service {
    /// Starts a server in the background.
    pub(crate) fn start(spec: &Spec) -> Result<Self> {
        let mut command = wrapped("guard", spec.stop, spec.unprivileged, &spec.command)?;
        let log = File::create(spec.log).with_context(|| format!("could not write {}", spec.log.display()))?;
        command.stdout(log.try_clone().context("could not share a log file")?).stderr(log);
        // A group of its own: Ctrl-C in the terminal must reach xtask alone, which stops its servers in order.
        command.stdin(Stdio::piped()).process_group(0);
        let mut guard = command.spawn().with_context(|| format!("could not start {}", spec.name))?;
        let leash = guard.stdin.take();
        Ok(Self { name: spec.name, guard, leash, log: spec.log.to_owned() })
    }

    /// Waits until the server answers.
    pub(crate) fn wait_until_ready(&mut self, limit: Duration, mut is_ready: impl FnMut() -> bool) -> Result<()> {
        let ready = interrupt::poll(limit, || {
            self.ensure_running()?;
            Ok(is_ready().then_some(()))
        })?;
        match ready {
            Some(()) => Ok(()),
            None => bail!("{} did not answer within {} s{}", self.name, limit.as_secs(), self.last_words()),
        }
    }

    /// Fails if the server has ended.
    pub(crate) fn ensure_running(&mut self) -> Result<()> {
        match self.guard.try_wait().with_context(|| format!("could not ask after {}", self.name))? {
            None => Ok(()),
            Some(_) => bail!("{} has ended{}", self.name, self.last_words()),
        }
    }

    fn last_words(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let lines = command::last_lines(&String::from_utf8_lossy(&text));
        format!("; its log {} ends:\n{lines}", self.log.display())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.leash.take());
        self.guard.wait().ok();
    }
}

/// Runs a program that refuses to run as root to its end.
pub(crate) fn run_unprivileged(command: &Command) -> Result<()> {
    command::output(&mut wrapped("exec", Signal::SIGTERM, true, command)?).map(drop)
}

/// The command that runs another one by a subcommand of this program.
fn wrapped(subcommand: &str, stop: Signal, unprivileged: bool, inner: &Command) -> Result<Command> {
    let mut outer = Command::new(guard::this_program()?);
    outer.args([subcommand, "--signal", stop.as_str()]);
    if unprivileged {
        outer.arg("--unprivileged");
    }
    outer.arg("--").args(words(inner));
    copy_surroundings(inner, &mut outer);
    Ok(outer)
}

fn words(command: &Command) -> impl Iterator<Item = OsString> {
    std::iter::once(command.get_program()).chain(command.get_args()).map(OsString::from)
}

fn copy_surroundings(from: &Command, to: &mut Command) {
    for (name, value) in from.get_envs() {
        match value {
            Some(value) => to.env(name, value),
            None => to.env_remove(name),
        };
    }
    if let Some(folder) = from.get_current_dir() {
        to.current_dir(folder);
    }
}
