//! Generation runs: one pass of a generator over a project, stage by stage.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    blobs::Blob,
    texts::{BASES, TEXT, read_text},
};
use crate::{
    FromRow, Problem, Resource, Sql,
    bucket::Bucket,
    context::read_one,
    database::{Row, RowError},
    page::{Cursor, Keyset},
    sql,
    text::Sha256,
};

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It has not begun.
    Pending,
    /// What is wanted is being found out.
    Requirements,
    /// How to build it is being decided.
    Architecture,
    /// It is being built.
    Implementer,
    /// It is being looked over.
    Reviewer,
    /// It is done.
    Completed,
    /// It ended without being done.
    Failed,
}

/// Every status, in the order of a run that goes well.
pub const STATUSES: [Status; 7] = [
    Status::Pending,
    Status::Requirements,
    Status::Architecture,
    Status::Implementer,
    Status::Reviewer,
    Status::Completed,
    Status::Failed,
];

impl Status {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Requirements => "requirements",
            Self::Architecture => "architecture",
            Self::Implementer => "implementer",
            Self::Reviewer => "reviewer",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    /// What may come next: nothing after the end.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Requirements, Self::Failed],
            Self::Requirements => &[Self::Architecture, Self::Failed],
            Self::Architecture => &[Self::Implementer, Self::Failed],
            Self::Implementer => &[Self::Reviewer, Self::Failed],
            Self::Reviewer => &[Self::Completed, Self::Failed],
            Self::Completed | Self::Failed => &[],
        }
    }

    /// What may come before.
    pub fn previous(self) -> impl Iterator<Item = Self> {
        STATUSES.into_iter().filter(move |status| status.next().contains(&self))
    }
}

/// Characters of a prompt that stand in the run itself; a longer one is kept whole as a blob.
pub const PROMPT_CHARACTERS: usize = 5000;

/// A generation run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Run {
    /// Identifier.
    pub id: Uuid,
    /// The project that it works on.
    pub project_id: Uuid,
    /// How far it is.
    #[schemars(with = "Status")]
    pub status: String,
    /// Why it failed, as far as known.
    pub error: Option<String>,
    /// What was asked for: the first 5,000 characters.
    pub prompt: String,
    /// The whole prompt where it is longer; null where `prompt` is all of it.
    pub prompt_blob: Option<Blob>,
    /// The text of `prompt_blob`; absent in lists, and where the blob has a URL instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole_prompt: Option<String>,
    /// When this stage began; null before.
    pub requirements_at: Option<Timestamp>,
    /// When this stage began; null before.
    pub architecture_at: Option<Timestamp>,
    /// When this stage began; null before.
    pub implementer_at: Option<Timestamp>,
    /// When this stage began; null before.
    pub reviewer_at: Option<Timestamp>,
    /// When it was completed, or failed; null before.
    pub finished_at: Option<Timestamp>,
    /// When it was last heard of. One that is silent for half an hour is taken for failed.
    pub reported_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Number of changes.
    #[serde(skip)]
    #[schemars(skip)]
    pub revision: i64,
}

impl FromRow for Run {
    fn from_row(row: &Row) -> Result<Self, RowError> {
        Ok(Self {
            id: row.try_get("id")?,
            project_id: row.try_get("project_id")?,
            status: row.try_get("status")?,
            error: row.try_get("error")?,
            prompt: row.try_get("prompt")?,
            prompt_blob: row.try_get("prompt_blob")?,
            whole_prompt: None,
            requirements_at: row.try_get("requirements_at")?,
            architecture_at: row.try_get("architecture_at")?,
            implementer_at: row.try_get("implementer_at")?,
            reviewer_at: row.try_get("reviewer_at")?,
            finished_at: row.try_get("finished_at")?,
            reported_at: row.try_get("reported_at")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
            revision: row.try_get("revision")?,
        })
    }
}

impl Resource for Run {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    fn location(&self) -> Option<String> {
        Some(format!("/v1/runs/{}", self.id))
    }
}

impl Keyset for Run {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

impl Run {
    /// Makes the URL of the prompt.
    pub fn sign(&mut self, bucket: &Bucket) -> Result<(), Problem> {
        self.prompt_blob.iter_mut().try_for_each(|blob| blob.sign(bucket))
    }

    /// The run that [`select_run`] found, with its whole prompt.
    pub fn read(rows: &[Row], bucket: &Bucket) -> Result<Self, Problem> {
        let mut run: Self = read_one(rows)?;
        run.sign(bucket)?;
        run.whole_prompt = rows.first().map(read_text).transpose()?.flatten();
        Ok(run)
    }
}

/// The columns of [`Run`], to follow `select`.
pub const RUN: &str = "
    runs.id, runs.project_id, runs.status, runs.error, runs.prompt,
    (select blob_json(blobs) from blobs where blobs.id = runs.prompt_blob_id) as prompt_blob,
    runs.requirements_at, runs.architecture_at, runs.implementer_at, runs.reviewer_at, runs.finished_at,
    runs.reported_at, runs.created_at, runs.updated_at, runs.revision
";

/// The condition of a run that the caller sees: theirs, and its project is not deleted.
pub const VISIBLE: &str = "
    runs.user_id = auth.uid()
    and exists (select from projects where projects.id = runs.project_id and projects.status <> 'deleted')
";

/// One run of the caller's, for [`Run::read`].
#[must_use]
pub fn select_run(id: Uuid) -> Sql {
    sql(format!(
        "select {RUN}, {TEXT}
         from generation_runs runs
         left join blobs on blobs.id = runs.prompt_blob_id
         {BASES}
         where runs.id = $1 and {VISIBLE}"
    ))
    .bind(id)
}

/// Stores a prompt that is too long for the run's row, or keeps hold of what the caller has of it, so that no sweep takes
/// it. It is not compressed: the lens `craftlive` reads it too, and SQL cannot decompress.
#[must_use]
pub fn insert_prompt(prompt: &str) -> Sql {
    sql("
        insert into blobs (user_id, sha256, size, content_type, content)
        values (auth.uid(), $1, $2, 'text/plain; charset=utf-8', $3)
        on conflict (user_id, sha256) do update set storage_key = blobs.storage_key where false
    ")
    .bind(Sha256::of(prompt.as_bytes()).0.to_vec())
    .bind(i64::try_from(prompt.len()).unwrap_or(i64::MAX))
    .bind(prompt.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_stored_as_they_are_written() {
        for status in STATUSES {
            assert_eq!(serde_json::to_value(status).expect("plain"), status.as_str());
        }
    }

    #[test]
    fn a_run_goes_forward_or_fails() {
        for (index, status) in STATUSES.into_iter().enumerate().take(5) {
            assert_eq!(status.next(), [STATUSES[index + 1], Status::Failed]);
        }
        assert_eq!(Status::Failed.previous().count(), 5);
        assert_eq!(Status::Reviewer.previous().collect::<Vec<_>>(), [Status::Implementer]);
        assert_eq!(Status::Pending.previous().count(), 0);
    }
}
