//! Formatting of every Rust file. `cargo fmt` follows `mod` lines alone, and the endpoints are declared in a macro.

use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::project::Project;

const EDITION: &str = "2024";

/// Formats them.
pub(crate) fn format(project: &Project) -> Result<()> {
    command::run(&mut rustfmt(project)?)
}

/// The command that fails and shows the difference where one is not formatted.
pub(crate) fn check(project: &Project) -> Result<Command> {
    let mut rustfmt = rustfmt(project)?;
    rustfmt.arg("--check");
    Ok(rustfmt)
}

fn rustfmt(project: &Project) -> Result<Command> {
    let mut git = Command::new("git");
    // Those in the repository, and new ones that are not ignored.
    git.args(["ls-files", "--cached", "--others", "--exclude-standard", "*.rs"]).current_dir(project.root());
    let list = command::output(&mut git).context("git, which lists the files to format, failed")?;
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--edition", EDITION]).current_dir(project.root());
    rustfmt.args(list.lines().filter(|file| project.path(file).exists()));
    Ok(rustfmt)
}
