//! Records: what the stages of a run produced.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use uuid::Uuid;

use super::{blobs::Blob, runs::VISIBLE};
use crate::{
    Problem, Resource, Sql,
    bucket::Bucket,
    from_row, inline_schema,
    page::{Cursor, Keyset},
    sql,
    text::Json1M,
};

/// The stage of a run that a record is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Stage(String);

/// Stages that a run has once.
const STAGES: [&str; 5] = ["requirements", "architecture", "implementer", "deterministic_tests", "test_generation"];

/// Stages that a run may repeat, with a number of up to four digits behind.
const NUMBERED_STAGES: [&str; 2] = ["reviewer_pass_", "sandbox_tests_attempt_"];

impl Stage {
    /// As stored.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<'de> Deserialize<'de> for Stage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stage = String::deserialize(deserializer)?;
        let is_number = |text: &str| (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_numbered = NUMBERED_STAGES.iter().any(|prefix| stage.strip_prefix(prefix).is_some_and(is_number));
        if STAGES.contains(&stage.as_str()) || is_numbered {
            return Ok(Self(stage));
        }
        Err(de::Error::custom(format_args!(
            "must be {}, or {} with a number of at most 4 digits",
            STAGES.join(", "),
            NUMBERED_STAGES.join(" or ")
        )))
    }
}

inline_schema!(Stage, {
    "type": "string",
    "pattern": "^(requirements|architecture|implementer|deterministic_tests|test_generation|(reviewer_pass|sandbox_tests_attempt)_[0-9]{1,4})$",
    "examples": ["reviewer_pass_1"]
});

/// What a stage of a run produced.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Record {
    /// Identifier.
    pub id: Uuid,
    /// The run.
    pub run_id: Uuid,
    /// The stage.
    #[schemars(with = "Stage")]
    pub stage: String,
    /// The stage's result; its `bundle_ref` is the SHA-256 of the bundle, where there is one. Absent in a list where all
    /// content together would not fit into one reply: then ask for the record by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Json1M>")]
    pub content: Option<Value>,
    /// What is too large for `content`.
    pub bundle: Option<Blob>,
    /// When it was stored.
    pub created_at: Timestamp,
}

from_row!(Record { id, run_id, stage, content, bundle, created_at });

impl Resource for Record {
    fn location(&self) -> Option<String> {
        Some(format!("/v1/records/{}", self.id))
    }
}

impl Keyset for Record {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

impl Record {
    /// Makes the URL of the bundle.
    pub fn sign(&mut self, bucket: &Bucket) -> Result<(), Problem> {
        self.bundle.iter_mut().try_for_each(|blob| blob.sign(bucket))
    }
}

/// The columns of [`Record`] but for the content, to follow `select`.
pub const RECORD: &str = "
    records.id, records.run_id, records.stage,
    (select blob_json(blobs) from blobs where blobs.id = records.bundle_blob_id) as bundle,
    records.created_at
";

/// One record of the caller's.
#[must_use]
pub fn select_record(id: Uuid) -> Sql {
    sql(format!(
        "select {RECORD}, records.content
         from artifact_records records
         join generation_runs runs on runs.id = records.run_id
         where records.id = $1 and records.user_id = auth.uid() and {VISIBLE}"
    ))
    .bind(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_those_of_the_model() {
        let read = |stage: &str| serde_json::from_value::<Stage>(stage.into()).is_ok();
        for stage in ["requirements", "test_generation", "reviewer_pass_1", "sandbox_tests_attempt_9999"] {
            assert!(read(stage), "{stage}");
        }
        for stage in
            ["", "pending", "reviewer", "reviewer_pass_", "reviewer_pass_x", "reviewer_pass_12345", "Requirements"]
        {
            assert!(!read(stage), "{stage}");
        }
    }
}
