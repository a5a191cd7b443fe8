//! `cargo xtask package`: the binaries as `template.yaml` deploys them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::command;
use crate::progress::loud_step;
use crate::project::{self, Project};
use crate::tools::Tools;

/// What to build for.
#[derive(Args)]
pub(crate) struct Options {
    /// The processor of the deployed functions; the parameter Architecture of template.yaml must agree.
    #[arg(long, value_enum, default_value_t = Architecture::Arm64)]
    arch: Architecture,
}

/// The processors that Lambda has.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Architecture {
    /// AWS Graviton.
    #[value(name = "arm64")]
    Arm64,
    /// Intel and AMD.
    #[value(name = "x86_64")]
    X86_64,
}

/// Builds every function once, to `target/lambda/<function>/bootstrap`, and prints their sizes.
pub(crate) fn package(project: &Project, options: &Options) -> Result<()> {
    let tools = Tools::fetch(project)?;
    let packaged = project.path("target/lambda");
    project::remove_folder(&packaged)?;
    let mut build = tools.cargo_lambda()?;
    build.args(["build", "--release", "--package", "functions", "--bins"]).current_dir(project.root());
    match options.arch {
        Architecture::Arm64 => build.arg("--arm64"),
        Architecture::X86_64 => build.arg("--x86-64"),
    };
    loud_step("Building the functions for Lambda", || command::run(&mut build))?;
    print!("{}", table(&sizes(&packaged)?));
    Ok(())
}

/// Name and size in bytes of every packaged function, the largest first.
fn sizes(folder: &Path) -> Result<Vec<(String, u64)>> {
    let entries = fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))?;
    let mut sizes: Vec<(String, u64)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let size = fs::metadata(entry.path().join("bootstrap")).ok()?.len();
            Some((entry.file_name().display().to_string(), size))
        })
        .collect();
    sizes.sort_by(|(left, smaller), (right, larger)| larger.cmp(smaller).then(left.cmp(right)));
    Ok(sizes)
}

fn table(sizes: &[(String, u64)]) -> String {
    let mut lines: String = sizes.iter().map(|(name, size)| line(name, *size)).collect();
    let total = sizes.iter().map(|(_, size)| size).sum();
    lines.push_str(&line(&format!("{} functions", sizes.len()), total));
    lines
}

fn line(name: &str, bytes: u64) -> String {
    // Tenths of a megabyte, rounded.
    let tenths = (bytes + 50_000) / 100_000;
    format!("{name:40} {:>5}.{} MB\n", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    #[test]
    fn prints_sizes_and_their_sum() {
        let table = super::table(&[("artifacts-get".to_owned(), 2_650_000), ("health".to_owned(), 1_940_000)]);
        let numbers: Vec<&str> = table.lines().map(|line| line[40..].trim()).collect();
        assert_eq!(numbers, ["2.7 MB", "1.9 MB", "4.6 MB"]);
    }
}
