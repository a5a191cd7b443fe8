//! A stack for one run: fresh each time, quick instead of durable, on ports of its own.

use std::path::PathBuf;

use anyhow::Result;

use crate::credentials::Credentials;
use crate::lock::Lock;
use crate::postgres::Durability;
use crate::project::{self, Project};
use crate::stack::{Own, Stack};
use crate::tools::Tools;

/// A running stack whose data are deleted with it.
pub(crate) struct Throwaway {
    /// PostgreSQL and S3.
    pub(crate) stack: Stack,
    /// Where its data and logs lie.
    pub(crate) folder: PathBuf,
    _lock: Lock,
}

impl Throwaway {
    /// Starts one in `data/<name>`. Two runs of the same name take turns.
    pub(crate) fn start(project: &Project, tools: &Tools, name: &str) -> Result<Self> {
        let data = project.data()?;
        let lock = Lock::take(&data.join(format!("{name}.lock")), &format!("another `cargo xtask {name}`"))?;
        let folder = data.join(name);
        project::remove_folder(&folder)?;
        let folder = project::private_folder(folder)?;
        let credentials = Credentials::generate()?;
        let mut stack = Stack::start(tools, &credentials, Own::default(), Durability::None, &folder)?;
        stack.variables.set("ATELIER_TOOLS", tools.folder().display().to_string());
        Ok(Self { stack, folder, _lock: lock })
    }
}
