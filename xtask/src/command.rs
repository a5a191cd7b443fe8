//! Running programs to their end.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::interrupt;

/// How many of the last lines of a failed program's output an error shows.
const SHOWN_LINES: usize = 12;

/// The `cargo` that runs this very program.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").as_deref().unwrap_or(OsStr::new("cargo")));
    command.current_dir(root);
    forget_cargo(&mut command);
    command
}

/// Takes back what `cargo run` told this program about its own package: some build scripts, such as ring's, would take
/// it for a change and build again.
pub(crate) fn forget_cargo(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
}

/// Runs a program with its output shown, and tells how it ended.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    wait(spawn(command)?)
}

/// Runs a program with its output shown; its failure is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("`{}` failed ({status})", describe(command));
    }
    Ok(())
}

/// Runs a program and returns what it printed; its failure is an error that shows the end of it.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let mut child = spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let status = wait(child)?;
    let stdout = stdout.join().unwrap_or_default();
    let stderr = stderr.join().unwrap_or_default();
    if !status.success() {
        let said = if stderr.trim().is_empty() { &stdout } else { &stderr };
        bail!("`{}` failed ({status}):\n{}", describe(command), last_lines(said));
    }
    Ok(stdout)
}

/// The last lines of a text, indented.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let start = lines.len().saturating_sub(SHOWN_LINES);
    lines[start..].iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

fn spawn(command: &mut Command) -> Result<Child> {
    command.spawn().with_context(|| format!("could not start `{}`", command.get_program().display()))
}

fn wait(mut child: Child) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().context("could not wait for a program")? {
            return Ok(status);
        }
        if interrupt::requested() {
            // On Ctrl-C the terminal has told it already; on a plain SIGTERM nobody has.
            child.kill().ok();
            child.wait().ok();
            bail!("interrupted");
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn collect(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            stream.read_to_end(&mut bytes).ok();
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The program's name and first arguments: enough to know it by, and short enough to read.
fn describe(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default().display().to_string();
    let arguments = command.get_args().take(3).map(|argument| argument.display().to_string());
    let short = arguments.take_while(|argument| !argument.contains([' ', '\n']));
    std::iter::once(name).chain(short).collect::<Vec<_>>().join(" ")
}
