//! `cargo xtask generate`: the projections of the list of endpoints.

use anyhow::Result;

use crate::project::Project;
use crate::{command, format};

/// Writes them anew.
pub(crate) fn generate(project: &Project) -> Result<()> {
    let mut cargo = command::cargo(project.root());
    command::run(cargo.args(["run", "--quiet", "--bin", "generate"]))?;
    format::format(project)
}
