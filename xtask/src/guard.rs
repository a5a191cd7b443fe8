//! A keeper for each server that xtask starts.
//!
//! `xtask guard` runs one program and holds the reading end of a pipe from the xtask that started it. When the pipe
//! closes, because that xtask stops it, ends or is killed with `kill -9`, the guard stops the program and whatever the
//! program started. `xtask exec` is the last step before the program itself: it gives up root where the program refuses
//! it, and asks the kernel to stop the program should even the guard be killed.

use std::convert::Infallible;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::privileges;

/// How long a program may take to stop before it is killed.
const PATIENCE: Duration = Duration::from_secs(10);

/// What to run, and how to stop it.
#[derive(Args)]
pub(crate) struct Program {
    /// The signal that asks the program to stop.
    #[arg(long, default_value = "SIGTERM")]
    signal: Signal,

    /// Run as `nobody` when started by root.
    #[arg(long)]
    unprivileged: bool,

    /// The program and its arguments.
    #[arg(trailing_var_arg = true, required = true)]
    command: Vec<String>,
}

enum Event {
    Stop,
    Exited(ExitStatus),
}

/// Runs the program until it exits or the pipe on standard input closes; returns its exit code.
pub(crate) fn guard(program: &Program) -> Result<i32> {
    adopt_orphans()?;
    let (events, inbox) = mpsc::channel();
    let child = spawn(program)?;
    let pid = Pid::from_raw(child.id().try_into().context("a process id out of range")?);
    watch_stdin(events.clone());
    watch_signals(events.clone())?;
    watch_child(child, events);

    let status = match inbox.recv().context("every watcher of the guard has ended")? {
        Event::Exited(status) => Some(status),
        Event::Stop => {
            signal::kill(pid, program.signal).ok();
            wait_for_exit(&inbox).or_else(|| {
                signal::kill(pid, Signal::SIGKILL).ok();
                wait_for_exit(&inbox)
            })
        }
    };
    end_descendants();
    Ok(status.and_then(|status| status.code().or(status.signal().map(|signal| 128 + signal))).unwrap_or(1))
}

/// Becomes the program: gives up root if asked, ties its life to the guard's, and replaces this process.
pub(crate) fn exec(program: &Program) -> Result<Infallible> {
    if program.unprivileged && nix::unistd::geteuid().is_root() {
        privileges::become_nobody().context("could not give up root for a program that refuses to run as root")?;
    }
    die_with_parent(program.signal)?;
    let [name, arguments @ ..] = program.command.as_slice() else {
        bail!("no program named");
    };
    Err(Command::new(name).args(arguments).exec()).with_context(|| format!("could not start {name}"))
}

/// The path of this very program, valid even after a rebuild replaced the file.
pub(crate) fn this_program() -> Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe().context("could not find the path of xtask itself")
}

fn spawn(program: &Program) -> Result<Child> {
    let mut command = Command::new(this_program()?);
    command.arg("exec").arg("--signal").arg(program.signal.as_str());
    if program.unprivileged {
        command.arg("--unprivileged");
    }
    command.arg("--").args(&program.command).stdin(Stdio::null());
    command.spawn().context("could not start a program under guard")
}

fn watch_stdin(events: Sender<Event>) {
    thread::spawn(move || {
        // Nothing is ever written: reading ends when the other end is closed.
        std::io::stdin().read_to_end(&mut Vec::new()).ok();
        events.send(Event::Stop).ok();
    });
}

fn watch_signals(events: Sender<Event>) -> Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM]).context("could not listen for signals")?;
    thread::spawn(move || {
        for _ in signals.forever() {
            events.send(Event::Stop).ok();
        }
    });
    Ok(())
}

fn watch_child(mut child: Child, events: Sender<Event>) {
    thread::spawn(move || {
        if let Ok(status) = child.wait() {
            events.send(Event::Exited(status)).ok();
        }
    });
}

fn wait_for_exit(inbox: &mpsc::Receiver<Event>) -> Option<ExitStatus> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match inbox.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Event::Exited(status)) => return Some(status),
            Ok(Event::Stop) => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
        }
    }
}

/// Makes this process the parent of every descendant whose own parent ends, so that none escapes.
#[cfg(target_os = "linux")]
fn adopt_orphans() -> Result<()> {
    nix::sys::prctl::set_child_subreaper(true).context("could not become the keeper of orphaned processes")
}

#[cfg(not(target_os = "linux"))]
fn adopt_orphans() -> Result<()> {
    Ok(())
}

/// Ends what the program left behind: first asked, then killed.
#[cfg(target_os = "linux")]
fn end_descendants() {
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};

    let asked = Instant::now();
    loop {
        let signal = if asked.elapsed() < PATIENCE { Signal::SIGTERM } else { Signal::SIGKILL };
        for child in children() {
            signal::kill(child, signal).ok();
        }
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => thread::sleep(Duration::from_millis(20)),
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn end_descendants() {
    // Without a subreaper the process group, which xtask made for this guard alone, is the best boundary there is.
    signal::killpg(nix::unistd::getpgrp(), Signal::SIGTERM).ok();
}

/// The processes whose parent is this one.
#[cfg(target_os = "linux")]
fn children() -> Vec<Pid> {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    threads
        .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok())
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>())
        .map(Pid::from_raw)
        .collect()
}

#[cfg(target_os = "linux")]
fn die_with_parent(signal: Signal) -> Result<()> {
    nix::sys::prctl::set_pdeathsig(signal).context("could not tie the program's life to its guard's")
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_signal: Signal) -> Result<()> {
    Ok(())
}
