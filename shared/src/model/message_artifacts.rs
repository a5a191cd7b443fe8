//! What messages made: a payload each, and the generated files beside it where they are many.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::blobs::{Blob, decode};
use crate::{
    Problem, Resource, Sql,
    bucket::Bucket,
    from_row, inline_schema,
    reply::{REPLY_LIMIT, size_in_json},
    sql,
    text::check_json,
};

/// What a payload calls its generated files.
const FILE_MAP: &str = "generatedFileMap";

/// Bytes of JSON up to which generated files stay in the payload's own row.
const SMALL_FILE_MAP: usize = 64 * 1024;

/// Bytes of JSON that the rest of a payload has at most.
const PAYLOAD_LIMIT: usize = 1024 * 1024;

/// Bytes of JSON that generated files have at most in a request, and in a reply.
const FILE_MAP_LIMIT: usize = 4 * 1024 * 1024;

/// Bytes of a payload as Lambda sends it, as a text within JSON: what remains of a reply is for what stands around it.
pub const REPLY_TEXT: usize = REPLY_LIMIT - 16 * 1024;

/// What a message made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MessageArtifact {
    /// The message.
    pub message_id: Uuid,
    /// `requirementsArtifact`, `architectureArtifact`, `generatedFileMap` and the like.
    #[schemars(with = "Map<String, Value>")]
    pub payload: Value,
    /// Where the payload's `generatedFileMap` is, as JSON, if it is not in the payload; else null.
    pub generated_file_map: Option<Blob>,
    /// When it was first stored.
    pub created_at: Timestamp,
    /// When it was last replaced.
    pub updated_at: Timestamp,
    /// Number of changes.
    #[serde(skip)]
    #[schemars(skip)]
    pub revision: i64,
}

impl Resource for MessageArtifact {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

/// A row of `message_artifacts`, with the bytes of its blob where these are in the database.
pub struct MessageArtifactRow {
    message_id: Uuid,
    payload: Value,
    blob: Option<Blob>,
    content: Option<Vec<u8>>,
    encoding: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: i64,
}

from_row!(MessageArtifactRow { message_id, payload, blob, content, encoding, created_at, updated_at, revision });

impl MessageArtifactRow {
    /// As the client sees it: whole where a reply holds it, else with a URL.
    pub fn into_artifact(mut self, bucket: &Bucket) -> Result<MessageArtifact, Problem> {
        if let Some(files) = self.files()?
            && let Value::Object(payload) = &mut self.payload
        {
            payload.insert(FILE_MAP.to_owned(), files);
            self.blob = None;
        }
        if let Some(blob) = &mut self.blob {
            blob.sign(bucket)?;
        }
        Ok(MessageArtifact {
            message_id: self.message_id,
            payload: self.payload,
            generated_file_map: self.blob,
            created_at: self.created_at,
            updated_at: self.updated_at,
            revision: self.revision,
        })
    }

    /// The generated files, if they are here. What was uploaded may be anything.
    fn files(&self) -> Result<Option<Value>, Problem> {
        let (Some(blob), Some(content), Some(encoding)) = (&self.blob, &self.content, &self.encoding) else {
            return Ok(None);
        };
        let bytes = decode(content, encoding, blob.size, &blob.sha256)?;
        Ok(serde_json::from_slice(&bytes).ok())
    }
}

/// What one message of the caller's made.
#[must_use]
pub fn select_message_artifact(message_id: Uuid) -> Sql {
    sql(format!(
        "select
             artifacts.message_id, artifacts.payload, blob_json(blobs) as blob,
             case when blobs.size <= {FILE_MAP_LIMIT} then blobs.content end as content, blobs.encoding,
             artifacts.created_at, artifacts.updated_at, artifacts.revision
         from message_artifacts artifacts
         left join blobs on blobs.id = artifacts.blob_id
         where artifacts.message_id = $1 and artifacts.user_id = auth.uid()"
    ))
    .bind(message_id)
}

/// A payload to store: at most 1 MiB, and beside that up to 4 MiB of `generatedFileMap`.
pub struct Payload {
    /// What is stored in the row.
    pub own: Value,
    /// The `generatedFileMap` as JSON, where it is too large for that.
    pub files: Option<String>,
}

inline_schema!(Payload, {"type": "object", "additionalProperties": true});

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut own = Map::deserialize(deserializer)?;
        let mut files = None;
        if let Some(map) = own.remove(FILE_MAP) {
            let text =
                check_json(&map, FILE_MAP_LIMIT).map_err(|what| de::Error::custom(format!("{FILE_MAP} {what}")))?;
            if text.len() > SMALL_FILE_MAP {
                files = Some(text);
            } else {
                own.insert(FILE_MAP.to_owned(), map);
            }
        }
        let own = Value::Object(own);
        let text = check_json(&own, PAYLOAD_LIMIT).map_err(de::Error::custom)?;
        let sent = size_in_json(text.as_bytes()) + files.as_ref().map_or(0, |files| size_in_json(files.as_bytes()));
        if sent > REPLY_TEXT {
            return Err(de::Error::custom("is more than one reply can hold: upload the generatedFileMap"));
        }
        Ok(Self { own, files })
    }
}

impl Payload {
    /// Whether it says what was generated.
    #[must_use]
    pub fn has_files(&self) -> bool {
        self.files.is_some() || self.own.get(FILE_MAP).is_some()
    }
}
