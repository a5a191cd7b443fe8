//! `cargo xtask bench`: the benchmark, on a stack of its own.

use anyhow::Result;
use clap::Args;

use crate::command;
use crate::progress::loud_step;
use crate::project::Project;
use crate::throwaway::Throwaway;
use crate::tools::Tools;

/// What to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// Handed to the benchmark; `-- --help` tells what it takes.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds what is measured, then measures.
pub(crate) fn bench(project: &Project, options: &Options) -> Result<()> {
    let tools = Tools::fetch(project)?;
    loud_step("Building the functions for release", || {
        let mut cargo = command::cargo(project.root());
        command::run(cargo.args(["build", "--release", "--package", "functions", "--bins"]))?;
        let mut cargo = command::cargo(project.root());
        command::run(cargo.args(["build", "--release", "--package", "tests", "--bin", "floor", "--bin", "bench"]))
    })?;
    let throwaway = Throwaway::start(project, &tools, "bench")?;
    let mut bench = command::cargo(project.root());
    bench.args(["run", "--release", "--package", "tests", "--bin", "bench", "--"]);
    throwaway.stack.variables.give_to(&mut bench);
    command::run(bench.args(&options.arguments))
}
