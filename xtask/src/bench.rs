//! `cargo xtask bench`: the benchmark, on a stack of its own.

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::command;
use crate::progress::loud_step;
use crate::project::Project;
use crate::throwaway::Throwaway;
use crate::tools::Tools;

/// What to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// What: the functions and their requests, the import and the statistics of a lens, or what versions cost.
    #[arg(value_enum, default_value_t = Subject::Requests)]
    subject: Subject,

    /// Handed to the benchmark; `-- --help` tells what it takes.
    #[arg(last = true)]
    arguments: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Subject {
    Requests,
    Lenses,
    Versions,
}

impl Subject {
    /// What cargo builds for it, and the program that measures.
    fn programs(self) -> (&'static [&'static str], &'static str) {
        match self {
            Self::Requests => (&["--package functions --bins", "--package tests --bin floor --bin bench"], "bench"),
            Self::Lenses => (
                &["--package xtask --features import --bin import", "--package tests --bin bench_lenses"],
                "bench_lenses",
            ),
            Self::Versions => (&["--package tests --bin bench_versions"], "bench_versions"),
        }
    }
}

/// Builds what is measured, then measures.
pub(crate) fn bench(project: &Project, options: &Options) -> Result<()> {
    let tools = Tools::fetch(project)?;
    let (builds, program) = options.subject.programs();
    loud_step("Building what is measured for release", || {
        builds.iter().try_for_each(|build| {
            command::run(command::cargo(project.root()).args(["build", "--release"]).args(build.split(' ')))
        })
    })?;
    let throwaway = Throwaway::start(project, &tools, "bench")?;
    let mut bench = command::cargo(project.root());
    bench.args(["run", "--release", "--package", "tests", "--bin", program, "--"]);
    throwaway.stack.variables.give_to(&mut bench);
    command::run(bench.args(&options.arguments))
}
