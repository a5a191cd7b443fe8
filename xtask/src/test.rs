//! `cargo xtask test`: every check there is, one after the other, and a summary.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use crate::credentials::free_port;
use crate::functions::{self, Serving, Watch};
use crate::progress::seconds;
use crate::project::Project;
use crate::throwaway::Throwaway;
use crate::tools::Tools;
use crate::variables::Variables;
use crate::{command, format};

/// The tests that need no binaries.
const QUICK: &str = "--test api --test contract --test generated --test schema --test migrations --test policies \
                     --test lenses --test flaws --test sweep --test flights --test faults --test main_job --test readme";

/// What to test.
#[derive(Args)]
pub(crate) struct Options {
    /// Only what needs no binaries of the functions: a few minutes once everything is built.
    #[arg(long)]
    quick: bool,

    /// Run only the tests whose names contain one of these, and no other check.
    filters: Vec<String>,
}

/// Runs the checks. One that fails does not keep the others from running.
pub(crate) fn test(project: &Project, options: &Options) -> Result<()> {
    let tools = Tools::fetch(project)?;
    if !options.quick {
        tools.fetch_for_tests(project)?;
    }
    let throwaway = Throwaway::start(project, &tools, "test")?;
    let mut run =
        Run { project, filters: &options.filters, variables: throwaway.stack.variables.clone(), outcomes: Vec::new() };
    run.check("format", &mut format::check(project)?)?;
    run.check("lints", &mut cargo(project, "clippy --workspace --all-targets --features xtask/import -- -D warnings"))?;
    run.tests("unit", "--features xtask/import --lib --bin xtask --bin import")?;
    run.tests("api", QUICK)?;
    if !options.quick {
        run.whole(&tools, &throwaway)?;
    }
    run.summary()
}

/// One run of the checks, and what has come of it so far.
struct Run<'a> {
    project: &'a Project,
    filters: &'a [String],
    variables: Variables,
    outcomes: Vec<Outcome>,
}

struct Outcome {
    name: &'static str,
    passed: bool,
    took: Duration,
}

impl Run<'_> {
    /// What needs the functions' binaries, a browser, or the template's checker.
    fn whole(&mut self, tools: &Tools, throwaway: &Throwaway) -> Result<()> {
        let mut build = cargo(self.project, "build --bins");
        if self.step("build the functions", &mut build)? {
            self.tests("binaries", "--test binaries --test drive")?;
            self.tests("browser", "--test browser")?;
            self.watch(tools, throwaway)?;
        }
        self.tests("plans", "--test plans --test pictures")?;
        let mut import = cargo(self.project, "build --features xtask/import --bin import");
        if self.step("build the import", &mut import)? {
            self.tests("import", "--test import")?;
        }
        let mut sam = tools.sam()?;
        sam.args(["validate", "--lint", "--template", "template.yaml"])
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .current_dir(self.project.root());
        self.check("template", &mut sam)?;
        let mut openapi = tools.openapi_validator();
        openapi.arg("functions/openapi.json").current_dir(self.project.root());
        self.check("openapi", &mut openapi)
    }

    /// The main job, and the browser's, against `cargo lambda watch`.
    fn watch(&mut self, tools: &Tools, throwaway: &Throwaway) -> Result<()> {
        let mut migrate = functions::migrate(self.project);
        if !self.step("migrate", &mut migrate)? {
            return Ok(());
        }
        let port = free_port(None)?;
        let log = throwaway.folder.join("watch.log");
        let serving =
            Serving { port, variables: &throwaway.stack.variables, folder: &throwaway.folder.join("watch"), log: &log };
        let started = Instant::now();
        match Watch::start(self.project, tools, &serving) {
            Ok(_watch) => {
                self.variables.set("ATELIER_URL", functions::url(port));
                self.tests("watch", "--test watch --test browser")
            }
            Err(error) => {
                eprintln!("error: {error:#}");
                self.record("watch", false, started);
                Ok(())
            }
        }
    }

    /// Runs tests, those that the filters name.
    fn tests(&mut self, name: &'static str, targets: &str) -> Result<()> {
        let mut tests = cargo(self.project, "test --no-fail-fast");
        tests.args(targets.split(' ')).arg("--").args(self.filters);
        self.step(name, &mut tests).map(drop)
    }

    /// Runs a check that is no test, unless only some tests are wanted.
    fn check(&mut self, name: &'static str, command: &mut Command) -> Result<()> {
        if self.filters.is_empty() {
            self.step(name, command)?;
        }
        Ok(())
    }

    /// Runs a command with its output shown; tells whether it succeeded.
    fn step(&mut self, name: &'static str, command: &mut Command) -> Result<bool> {
        eprintln!("\n▸ {name}");
        self.variables.give_to(command);
        let started = Instant::now();
        let passed = command::status(command)?.success();
        self.record(name, passed, started);
        Ok(passed)
    }

    fn record(&mut self, name: &'static str, passed: bool, started: Instant) {
        self.outcomes.push(Outcome { name, passed, took: started.elapsed() });
    }

    /// Prints what came of each step; fails if one failed.
    fn summary(&self) -> Result<()> {
        eprintln!();
        for Outcome { name, passed, took } in &self.outcomes {
            let (mark, word) = if *passed { ('✓', "passed") } else { ('✗', "FAILED") };
            eprintln!("  {mark} {name:40} {word} {:>9}", seconds(*took));
        }
        let failed = self.outcomes.iter().filter(|outcome| !outcome.passed).count();
        if failed > 0 {
            bail!("{failed} of {} steps failed", self.outcomes.len());
        }
        Ok(())
    }
}

/// Cargo with arguments, none of which holds a space.
fn cargo(project: &Project, arguments: &str) -> Command {
    let mut cargo = command::cargo(project.root());
    cargo.args(arguments.split(' '));
    cargo
}
