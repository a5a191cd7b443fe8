//! The variables by which a stack is reached: the contract between xtask, the functions and the tests.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::project;

/// Names and values, in the order they are shown.
#[derive(Clone, Default)]
pub(crate) struct Variables(Vec<(String, String)>);

impl Variables {
    /// Adds one.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// Hands them to a program, and keeps from it what would override them.
    pub(crate) fn give_to(&self, command: &mut Command) {
        command.env_remove("APP_DATABASE_URL").env_remove("ATELIER_URL");
        command.envs(self.0.iter().map(|(name, value)| (name, value)));
    }

    /// Writes them to a file as lines for a shell.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        project::write_private(path, &self.to_shell())
    }

    /// Reads lines that [`Self::to_shell`] wrote.
    pub(crate) fn from_shell(text: &str) -> Result<Self> {
        let read = |line: &str| {
            let (name, value) = line.strip_prefix("export ")?.split_once("='")?;
            Some((name.to_owned(), value.strip_suffix('\'')?.replace(r"'\''", "'")))
        };
        let variables = text.lines().map(|line| read(line).with_context(|| format!("not a variable: {line}")));
        Ok(Self(variables.collect::<Result<_>>()?))
    }

    /// Lines that set them in a shell.
    pub(crate) fn to_shell(&self) -> String {
        let quote = |value: &str| value.replace('\'', r"'\''");
        let lines: Vec<String> =
            self.0.iter().map(|(name, value)| format!("export {name}='{}'\n", quote(value))).collect();
        lines.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::Variables;

    #[test]
    fn quotes_what_a_shell_would_take_apart() {
        let mut variables = Variables::default();
        variables.set("PASSWORD", "it's $HOME");
        assert_eq!(variables.to_shell(), "export PASSWORD='it'\\''s $HOME'\n");
    }

    #[test]
    fn reads_what_it_wrote() {
        let mut variables = Variables::default();
        variables.set("URL", "postgres://a:b@c/d?e='f'");
        variables.set("EMPTY", "");
        let text = variables.to_shell();
        let read = Variables::from_shell(&text).map(|read| read.to_shell());
        assert_eq!(read.ok(), Some(text));
    }

    #[test]
    fn refuses_what_it_did_not_write() {
        assert!(Variables::from_shell("rm -r data").is_err());
    }
}
