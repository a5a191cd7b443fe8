//! `cargo xtask import`: a program of its own, as it needs what the functions need, and the other commands do not.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use crate::command;
use crate::local;
use crate::project::Project;

/// The command that builds it where it has changed. It names no package: see `functions.rs`.
const CARGO: [&str; 6] = ["run", "--quiet", "--features", "xtask/import", "--bin", "import"];

/// What is handed on to it.
#[derive(Args)]
pub(crate) struct Options {
    /// Its options: see `cargo xtask import --help`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Runs it, into the running stack unless a target is named, and ends as it does.
pub(crate) fn import(project: &Project, options: &Options) -> Result<ExitCode> {
    let mut cargo = command::cargo(project.root());
    cargo.args(CARGO).arg("--manifest-path").arg(project.path("Cargo.toml")).arg("--").args(&options.arguments);
    // Where the paths among the arguments begin.
    cargo.current_dir(std::env::current_dir().context("the current directory cannot be read")?);
    let names_target = options
        .arguments
        .iter()
        .filter_map(|argument| argument.to_str())
        .any(|name| name.split('=').next() == Some("--target"));
    // The bucket of another target is not this stack's.
    if !names_target && let Ok(variables) = local::variables(project) {
        variables.give_to(&mut cargo);
    }
    let status = command::status(&mut cargo)?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
