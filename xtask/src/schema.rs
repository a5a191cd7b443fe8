//! `cargo xtask schema`: the description of the schema, read from a database that the migrations have just made.

use anyhow::Result;

use crate::command;
use crate::project::Project;
use crate::throwaway::Throwaway;
use crate::tools::Tools;

/// Writes it anew.
pub(crate) fn schema(project: &Project) -> Result<()> {
    let tools = Tools::fetch(project)?;
    let throwaway = Throwaway::start(project, &tools, "schema")?;
    let mut cargo = command::cargo(project.root());
    throwaway.stack.variables.give_to(&mut cargo);
    command::run(cargo.args(["run", "--quiet", "--package", "tests", "--bin", "schema"]))
}
