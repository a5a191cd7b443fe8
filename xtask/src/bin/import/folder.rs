//! A source that is a folder of JSON: how the older storage kept its rows before it had a database.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result, bail, ensure};
use serde_json::value::RawValue;
use tokio::sync::mpsc::Sender;

use crate::lenses::{Lens, Relation};
use crate::source::{Batch, Column, Row, Scan, Table};

/// An object whose members stay as they were written.
type Object = BTreeMap<String, Box<RawValue>>;

/// A folder with a file `<table>.json` for each table: an array of objects, or an object of them by id.
pub(crate) struct Folder {
    path: PathBuf,
    tables: BTreeMap<&'static str, Vec<Object>>,
}

impl Folder {
    /// Reads them.
    pub(crate) fn open(path: &Path, lens: &'static Lens) -> Result<Self> {
        let path = path.canonicalize().with_context(|| format!("{} cannot be read", path.display()))?;
        let mut tables = BTreeMap::new();
        for relation in lens.relations {
            if let Some(objects) = read_file(&path, relation)? {
                tables.insert(relation.name, objects);
            }
        }
        let nested = take_nested_versions(tables.get_mut("artifacts").map_or(&mut [], Vec::as_mut_slice))?;
        if !nested.is_empty() {
            tables.entry("artifact_versions").or_default().extend(nested);
        }
        for relation in lens.relations {
            if let Some(objects) = tables.get_mut(relation.name) {
                ensure!(
                    objects.iter().all(|object| text(object, relation.key).is_some()),
                    "{}: an object without {}, by which it could be found again",
                    file(&path, relation).display(),
                    relation.key
                );
                objects.sort_by_cached_key(|object| place(object, relation));
            }
        }
        Ok(Self { path, tables })
    }

    /// The folder.
    pub(crate) fn place(&self) -> String {
        self.path.display().to_string()
    }

    /// All that may be tables: files of JSON, without their ending.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// The table behind a view with these columns, where there is one.
    pub(crate) fn table(&self, relation: &'static Relation, known: &[String]) -> Option<Table> {
        let objects = self.tables.get(relation.name)?;
        let mut names: Vec<&String> = objects.iter().flat_map(Object::keys).collect();
        names.sort_unstable();
        names.dedup();
        let (taken, unknown): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| known.contains(name));
        Some(Table {
            relation,
            lacking: known.iter().filter(|name| !taken.contains(name)).cloned().collect(),
            columns: taken.into_iter().map(|name| Column { name: name.clone(), expression: String::new() }).collect(),
            unknown: unknown.into_iter().cloned().collect(),
            source_name: relation.name.to_owned(),
            order: Vec::new(),
            rows: objects.len() as u64,
        })
    }

    /// Hands rows on in batches, those with the same members together: left out is not the same as null.
    pub(crate) async fn read(&self, scan: Scan<'_>, batches: Sender<Batch>) -> Result<()> {
        let first = scan
            .after
            .as_deref()
            .map_or(Ok(0), |place| serde_json::from_str(place).map(|[last]: [usize; 1]| last + 1))?;
        let columns = scan.columns();
        let mut batch = Batch { columns: Rc::default(), rows: Vec::new() };
        let mut bytes = 0;
        for (index, object) in self.tables[scan.table.relation.name].iter().enumerate().skip(first) {
            let members: BTreeMap<&str, &RawValue> = columns
                .iter()
                .filter_map(|column| Some((column.name.as_str(), object.get(&column.name)?.as_ref())))
                .collect();
            let names = members.keys().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            if !batch.rows.is_empty() && (batch.is_full(scan.batch, bytes) || *batch.columns != names) {
                bytes = 0;
                if batches
                    .send(std::mem::replace(&mut batch, Batch { columns: Rc::default(), rows: Vec::new() }))
                    .await
                    .is_err()
                {
                    return Ok(());
                }
            }
            let json = serde_json::to_string(&members)?;
            bytes += json.len();
            batch.columns = Rc::new(names);
            let key = text(object, scan.table.relation.key).unwrap_or_default();
            batch.rows.push(Row { key, place: format!("[{index}]"), json });
        }
        if !batch.rows.is_empty() {
            batches.send(batch).await.ok();
        }
        Ok(())
    }
}

fn file(folder: &Path, relation: &Relation) -> PathBuf {
    folder.join(format!("{}.json", relation.name))
}

fn read_file(folder: &Path, relation: &Relation) -> Result<Option<Vec<Object>>> {
    let path = file(folder, relation);
    let json = match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        result => result.with_context(|| format!("{} cannot be read", path.display()))?,
    };
    if let Ok(objects) = serde_json::from_str(&json) {
        return Ok(Some(objects));
    }
    let Ok(by_id) = serde_json::from_str::<BTreeMap<String, Object>>(&json) else {
        bail!("{} is neither an array of objects nor an object of them by {}", path.display(), relation.key);
    };
    let objects = by_id.into_iter().map(|(id, mut object)| {
        if !object.contains_key(relation.key) {
            object.insert(relation.key.to_owned(), serde_json::value::to_raw_value(&id)?);
        }
        Ok(object)
    });
    objects.collect::<Result<_>>().map(Some)
}

/// Versions may stand inside their artifacts.
fn take_nested_versions(artifacts: &mut [Object]) -> Result<Vec<Object>> {
    let mut versions = Vec::new();
    for artifact in artifacts {
        let Some(nested) = artifact.remove("versions") else { continue };
        let nested: Vec<Object> =
            serde_json::from_str(nested.get()).context("artifacts.json: versions must be an array of objects")?;
        for mut version in nested {
            if let (false, Some(id)) = (version.contains_key("artifact_id"), artifact.get("id")) {
                version.insert("artifact_id".to_owned(), id.clone());
            }
            versions.push(version);
        }
    }
    Ok(versions)
}

/// A member that is text.
fn text(object: &Object, name: &str) -> Option<String> {
    serde_json::from_str(object.get(name)?.get()).ok()
}

/// Where an object stands in the order of reading: numbers by their size, nulls last.
fn place(object: &Object, relation: &Relation) -> Vec<(i64, String)> {
    let columns = relation.before_key.iter().chain([&relation.key]);
    let part = |name: &&str| {
        let raw = object.get(*name).map_or("null", |raw| raw.get());
        raw.parse().map_or_else(|_| (i64::MAX, raw.to_owned()), |number| (number, String::new()))
    };
    columns.map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(json: &str) -> Vec<Object> {
        serde_json::from_str(json).expect("objects")
    }

    #[test]
    fn versions_inside_of_artifacts_know_their_artifact() {
        let mut artifacts =
            objects(r#"[{"id": "a", "versions": [{"id": "v"}, {"id": "w", "artifact_id": "b"}]}, {"id": "c"}]"#);
        let versions = take_nested_versions(&mut artifacts).expect("versions");
        let of: Vec<_> = versions.iter().map(|version| text(version, "artifact_id").expect("an id")).collect();
        assert_eq!(of, ["a", "b"]);
        assert!(artifacts.iter().all(|artifact| !artifact.contains_key("versions")));
    }

    #[test]
    fn the_tenth_version_follows_the_ninth() {
        let relation = &crate::lenses::Document::Storage.lens().relations[2];
        let mut versions = objects(
            r#"[{"id": "x", "artifact_id": "a", "version_index": null}, {"id": "y", "artifact_id": "a", "version_index": 10},
                {"id": "z", "artifact_id": "a", "version_index": 9}]"#,
        );
        versions.sort_by_cached_key(|version| place(version, relation));
        let ids: Vec<_> = versions.iter().map(|version| text(version, "id").expect("an id")).collect();
        assert_eq!(ids, ["z", "y", "x"]);
    }
}
