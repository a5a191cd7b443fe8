//! The project's own commands: `cargo xtask up`, `test`, `generate` and the others. `cargo xtask --help` lists them.

mod bench;
mod bucket;
mod command;
mod credentials;
mod database_url;
mod format;
mod functions;
mod generate;
mod guard;
mod http;
mod import;
mod interrupt;
mod local;
mod lock;
mod package;
mod postgres;
mod privileges;
mod progress;
mod project;
mod schema;
mod seed;
mod service;
mod sources;
mod stack;
mod test;
mod throwaway;
mod tools;
mod up;
mod variables;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::project::Project;

/// Runs, tests and packages Atelier.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run Atelier on this machine: PostgreSQL, S3 and every function, until Ctrl-C.
    ///
    /// Fetches what it needs into .tools/, keeps its data in data/. With `DATABASE_URL` (the URL of the database's owner)
    /// or `S3_BUCKET` and the other S3 variables set, it uses those servers instead of its own.
    Up(up::Options),

    /// Run PostgreSQL and S3 alone, to develop against, until Ctrl-C.
    Servers(local::DataOptions),

    /// Print the running stack's variables for a shell: eval "$(cargo xtask env)".
    Env,

    /// Migrate the running stack's database, or the one that `OWNER_DATABASE_URL` names.
    Migrate,

    /// Copy a database of an older system into the running stack, or into `--target`.
    #[command(disable_help_flag = true)]
    Import(import::Options),

    /// Run every check and test on servers of their own, and print a summary.
    Test(test::Options),

    /// Write anew what is generated from the list of endpoints.
    Generate,

    /// Write docs/schema.md anew, from the migrations.
    Schema,

    /// Format every Rust file.
    Fmt,

    /// Measure, and print one table.
    Bench(bench::Options),

    /// Build the functions for Lambda, and print their sizes.
    Package(package::Options),

    #[command(hide = true)]
    Guard(guard::Program),

    #[command(hide = true)]
    Exec(guard::Program),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(_) if interrupt::requested() => ExitCode::from(interrupt::EXIT_CODE),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    match task {
        Task::Guard(program) => return Ok(ExitCode::from(u8::try_from(guard::guard(&program)?).unwrap_or(1))),
        Task::Exec(program) => match guard::exec(&program)? {},
        _ => {}
    }
    interrupt::listen()?;
    let project = Project::find()?;
    match task {
        Task::Up(options) => up::up(&project, &options)?,
        Task::Servers(options) => local::servers(&project, &options)?,
        Task::Env => local::print_variables(&project)?,
        Task::Migrate => local::migrate(&project)?,
        Task::Import(options) => return import::import(&project, &options),
        Task::Test(options) => test::test(&project, &options)?,
        Task::Generate => generate::generate(&project)?,
        Task::Schema => schema::schema(&project)?,
        Task::Fmt => format::format(&project)?,
        Task::Bench(options) => bench::bench(&project, &options)?,
        Task::Package(options) => package::package(&project, &options)?,
        Task::Guard(_) | Task::Exec(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn every_command_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
