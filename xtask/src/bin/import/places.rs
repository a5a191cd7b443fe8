//! Finding the file that a row names.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A folder with files, and nothing outside of it.
pub(crate) struct Places {
    root: PathBuf,
    /// Where files of this name are.
    by_name: HashMap<String, Vec<PathBuf>>,
}

impl Places {
    /// Looks through the folder.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let root = folder.canonicalize().with_context(|| format!("{} cannot be read", folder.display()))?;
        let mut by_name = HashMap::new();
        index(&root, &mut by_name).with_context(|| format!("{} cannot be read", root.display()))?;
        Ok(Self { root, by_name })
    }

    /// The file that a URL or a path means: by as many of its last components as there are folders for; then by its name,
    /// where no other file has it. Else the reason why there is none.
    pub(crate) fn find(&self, named: &str) -> Result<PathBuf, String> {
        let components = components(named).ok_or_else(|| format!("{named:?} names no file"))?;
        for first in 0..components.len() {
            if let Some(found) = self.inside(&components[first..].iter().collect::<PathBuf>()) {
                return Ok(found);
            }
        }
        match components.last().and_then(|name| self.by_name.get(name)).map(Vec::as_slice) {
            Some([path]) => Ok(path.clone()),
            Some(paths) => Err(format!("the file is missing, and {} others have its name", paths.len())),
            None => Err("the file is missing".to_owned()),
        }
    }

    /// A file of the folder; links are followed as long as they stay inside.
    fn inside(&self, relative: &Path) -> Option<PathBuf> {
        let path = self.root.join(relative).canonicalize().ok()?;
        (path.starts_with(&self.root) && path.is_file()).then_some(path)
    }
}

fn index(folder: &Path, by_name: &mut HashMap<String, Vec<PathBuf>>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            index(&entry.path(), by_name)?;
        } else if kind.is_file() {
            by_name.entry(entry.file_name().to_string_lossy().into_owned()).or_default().push(entry.path());
        }
    }
    Ok(())
}

/// The components of a URL's path, decoded, or of a plain path; none where one of them would lead elsewhere.
fn components(named: &str) -> Option<Vec<String>> {
    let path = match named.split_once("://") {
        Some((_, rest)) => {
            let path = rest.split(['?', '#']).next().unwrap_or_default();
            decoded(path.split_once('/').map_or("", |(_, path)| path))?
        }
        None => named.to_owned(),
    };
    let components: Vec<String> =
        path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect();
    let is_plain = |part: &String| part != ".." && !part.contains('\0');
    (!components.is_empty() && components.iter().all(is_plain)).then_some(components)
}

/// Text without percent signs' escapes.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let escaped = (byte == b'%').then(|| behind.get(..2)).flatten();
        let escaped = escaped.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::components;

    #[test]
    fn a_url_means_its_path() {
        assert_eq!(components("https://cdn.example/data/a%20b/c.png?v=1#x").expect("a path"), ["data", "a b", "c.png"]);
        assert_eq!(components("/data//avatars/./c%20.png").expect("a path"), ["data", "avatars", "c%20.png"]);
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        for named in ["", "/", "https://cdn.example", "../x", "data/../../x", "https://cdn.example/%2e%2e/x", "..\\x"] {
            assert_eq!(components(named), None, "{named}");
        }
    }
}
