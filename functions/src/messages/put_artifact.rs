//! PUT /v1/messages/{id}/artifact: keep what a message made.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Sql, Storage,
    context::read_one,
    model::{
        blobs::compress,
        message_artifacts::{MessageArtifact, MessageArtifactRow, Payload, select_message_artifact},
    },
    problem, sql,
    text::Sha256,
};
use uuid::Uuid;

use super::read::MessagePath;

/// Keeps what a message made, one thing a message.
pub struct PutMessageArtifact;

/// What the message made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "payload": {"requirementsArtifact": {"title": "A clock"}, "generatedFileMap": {"clock.js": "draw();\n"}}
}))]
pub struct NewMessageArtifact {
    /// `requirementsArtifact`, `architectureArtifact`, `generatedFileMap` and the like: at most 1 MiB, and beside that
    /// 4 MiB of `generatedFileMap`.
    payload: Payload,
    /// A completed upload of the caller's that has the `generatedFileMap` as JSON, where it is larger.
    #[serde(default)]
    generated_file_map: Option<Uuid>,
}

impl Endpoint for PutMessageArtifact {
    const ROUTE: Route =
        Route::put("/v1/messages/{id}/artifact", "Keep what a message made; If-Match: * for the first time")
            .storage(Storage::Read)
            .if_match()
            .memory(256)
            .problems(&[&problem::INVALID_REFERENCE]);
    type Path = MessagePath;
    type Query = Nothing;
    type Body = NewMessageArtifact;
    type Reply = Json<MessageArtifact>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let NewMessageArtifact { payload, generated_file_map } = input.body;
        if generated_file_map.is_some() && payload.has_files() {
            return Err(Problem::invalid(
                "/generated_file_map",
                "must not come with a generatedFileMap in the payload",
            ));
        }
        let id = input.path.id;
        let files = payload.files.as_deref();
        let sha256 = files.map(|files| Sha256::of(files.as_bytes()).0.to_vec());
        let upsert = upsert(id, payload.own, sha256.clone(), generated_file_map, input.if_match);
        let [_, _, artifact] =
            context.fly([insert_blob(id, files, sha256)?, upsert, select_message_artifact(id)]).await?;
        let artifact: MessageArtifactRow = read_one(&artifact)?;
        Ok(Json(artifact.into_artifact(context.bucket()?)?))
    }
}

/// Stores the generated files, compressed, or keeps hold of what the caller has of them, so that no sweep takes it.
fn insert_blob(message_id: Uuid, files: Option<&str>, sha256: Option<Vec<u8>>) -> Result<Sql, Problem> {
    Ok(sql("
        insert into blobs (user_id, sha256, size, content_type, content, encoding)
        select messages.user_id, $2, $3, 'application/json', $4, 'zstd'
        from messages
        where messages.id = $1 and messages.user_id = auth.uid() and $4::bytea is not null
        on conflict (user_id, sha256) do update set storage_key = blobs.storage_key where false
    ")
    .bind(message_id)
    .bind(sha256)
    .bind(files.map(str::len).map(i64::try_from).transpose().map_err(Problem::internal)?)
    .bind(files.map(compress).transpose()?))
}

fn upsert(
    message_id: Uuid,
    payload: serde_json::Value,
    sha256: Option<Vec<u8>>,
    upload_id: Option<Uuid>,
    if_match: Option<i64>,
) -> Sql {
    sql("
        insert into message_artifacts (message_id, user_id, payload, blob_id)
        select messages.id, messages.user_id, $2, coalesce(blobs.id, uploads.blob_id)
        from messages
        left join blobs on blobs.user_id = auth.uid() and blobs.sha256 = $3
        left join uploads on uploads.id = $4 and uploads.user_id = auth.uid() and uploads.state = 'ready'
        where messages.id = $1
          and messages.user_id = auth.uid()
          and ($4::uuid is null or uploads.id is not null or refuse('invalid_reference', '/generated_file_map'))
          and ($5::bigint is null
               or exists (select from message_artifacts present where present.message_id = messages.id)
               or refuse('stale'))
        on conflict (message_id) do update set payload = excluded.payload, blob_id = excluded.blob_id
        where if_match(message_artifacts.revision, $5)
    ")
    .bind(message_id)
    .bind(payload)
    .bind(sha256)
    .bind(upload_id)
    .bind(if_match)
}
