//! PUT /v1/containers/{id}/files: put a file at a path.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Sql, Storage,
    context::read_one,
    model::{
        accounts::Id,
        containers::{OWN, lock_container},
        files::{ContainerFile, select_file},
        texts::NewText,
    },
    problem, sql,
    text::{ContentType, FilePath, Sha256},
};
use uuid::Uuid;

use crate::containers::read::ContainerPath;

/// Bytes of text that come with the request; more goes through an upload.
const TEXT_LIMIT: usize = 256 * 1024;

/// Puts a file at a path. What was there stays in its history.
pub struct PutFile;

/// A file: its text, or a completed upload.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"path": "src/clock.js", "content": "draw();\n", "mime_type": "text/javascript"}))]
pub struct NewContainerFile {
    /// Where in the container.
    path: FilePath,
    /// Its text, up to 256 KiB.
    #[serde(default)]
    content: Option<String>,
    /// Instead of `content`: a completed upload of the caller's, of the purpose `file`.
    #[serde(default)]
    upload: Option<Uuid>,
    /// Its media type; left out, as uploaded, or text/plain for text.
    #[serde(default)]
    mime_type: Option<ContentType>,
}

impl Endpoint for PutFile {
    const ROUTE: Route = Route::put("/v1/containers/{id}/files", "Put a file at a path of a sandbox")
        .storage(Storage::Read)
        .problems(&[&problem::CONFLICT, &problem::INVALID_REFERENCE]);
    type Path = ContainerPath;
    type Query = Nothing;
    type Body = NewContainerFile;
    type Reply = Json<ContainerFile>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (id, new) = (input.path.id, input.body);
        let path = new.path.as_str();
        let (source, from) = match (&new.content, new.upload) {
            (Some(text), None) => (insert_text(id, text)?, Source::Text(Sha256::of(text.as_bytes()))),
            (None, Some(upload)) => (check_upload(id, upload), Source::Upload(upload)),
            _ => return Err(Problem::invalid("/content", "must come, or else upload, and not both")),
        };
        let select = select_file("files.container_id = $1 and files.file_path = $2").bind(id).bind(path.to_owned());
        let [container, _, _, _, file] = context
            .fly([lock_container(id), source, revive(id, path), upsert(id, path, from, new.mime_type), select])
            .await?;
        read_one::<Id>(&container)?;
        Ok(Json(ContainerFile::read(&file, context.bucket()?)?))
    }
}

/// Where a file's bytes are.
#[derive(Clone, Copy)]
enum Source {
    Text(Sha256),
    Upload(Uuid),
}

/// Stores the text, or keeps hold of what the caller has of it.
fn insert_text(container_id: Uuid, text: &str) -> Result<Sql, Problem> {
    if text.len() > TEXT_LIMIT {
        return Err(Problem::invalid("/content", "has more than 256 KiB: upload it instead"));
    }
    let insert = sql(format!(
        "insert into blobs (user_id, sha256, size, content_type, content, encoding)
         select auth.uid(), $2, $3, 'text/plain; charset=utf-8', $4, 'zstd'
         from containers
         where containers.id = $1 and {OWN}
         on conflict (user_id, sha256) do update set storage_key = blobs.storage_key"
    ));
    Ok(insert
        .bind(container_id)
        .bind(Sha256::of(text.as_bytes()).0.to_vec())
        .bind(i64::try_from(text.len()).unwrap_or(i64::MAX))
        .bind(NewText::whole(text.as_bytes())?.content))
}

fn check_upload(container_id: Uuid, upload_id: Uuid) -> Sql {
    sql(format!(
        "select uploads.id
         from containers
         left join uploads
             on uploads.id = $2
             and uploads.user_id = auth.uid()
             and uploads.purpose = 'file'
             and uploads.state = 'ready'
         where containers.id = $1 and {OWN} and (uploads.id is not null or refuse('invalid_reference', '/upload'))"
    ))
    .bind(container_id)
    .bind(upload_id)
}

/// A file that was deleted at this path goes on, with its history.
fn revive(container_id: Uuid, path: &str) -> Sql {
    sql(format!(
        "update files set is_deleted = false
         where is_deleted
           and id = (
               select former.id
               from files former
               join containers on containers.id = former.container_id and {OWN}
               where former.container_id = $1 and former.file_path = $2
               order by former.is_deleted, former.updated_at desc, former.id desc
               limit 1
           )"
    ))
    .bind(container_id)
    .bind(path.to_owned())
}

fn upsert(container_id: Uuid, path: &str, from: Source, mime_type: Option<ContentType>) -> Sql {
    let source = match from {
        Source::Text(_) => {
            "select id as blob_id, size, 'text/plain; charset=utf-8' as content_type
             from blobs
             where user_id = auth.uid() and sha256 = $5"
        }
        Source::Upload(_) => "select blob_id, size, content_type from uploads where user_id = auth.uid() and id = $5",
    };
    let upsert = sql(format!(
        "insert into files (container_id, user_id, file_path, file_name, mime_type, file_size, blob_id)
         select containers.id, containers.user_id, $2, $3, coalesce($4, source.content_type), source.size, source.blob_id
         from containers
         cross join ({source}) source
         where containers.id = $1 and {OWN}
         on conflict (container_id, file_path) where not is_deleted do update set
             file_name = excluded.file_name,
             mime_type = excluded.mime_type,
             file_size = excluded.file_size,
             blob_id = excluded.blob_id
         where (files.file_name, files.mime_type, files.file_size, files.blob_id)
             is distinct from (excluded.file_name, excluded.mime_type, excluded.file_size, excluded.blob_id)"
    ))
    .bind(container_id)
    .bind(path.to_owned())
    .bind(path.rsplit('/').next().unwrap_or(path).to_owned())
    .bind(mime_type.map(ContentType::into_string));
    match from {
        Source::Text(sha256) => upsert.bind(sha256.0.to_vec()),
        Source::Upload(upload_id) => upsert.bind(upload_id),
    }
}
