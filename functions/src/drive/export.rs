//! POST /v1/drive/files: export a version of an artifact, or a file of a sandbox, to Google Drive.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Route, Sql,
    context::read_one,
    drive::{ARCHIVE_LIMIT, EXPORTS_LIMIT},
    model::{
        artifacts::VISIBLE,
        drive::{DriveFile, select_drive_file},
        files::IN_CONTAINER,
    },
    problem, sql,
    text::Text,
};
use uuid::Uuid;

use super::sync::check_connection;

/// Queues an export. Each makes one file in Drive, whatever happens on the way.
pub struct ExportToDrive;

/// What to export: an artifact, or else a file of a sandbox.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"artifact_id": "0193a0c4-8e7b-7c1d-9b1e-2f6d1c9a4b10", "version": 1}))]
pub struct NewExport {
    /// An artifact that the caller sees. Of several files an archive is made, of one a file.
    #[serde(default)]
    artifact_id: Option<Uuid>,
    /// Which version of the artifact, from 1; left out, the current one.
    #[serde(default)]
    version: Option<i32>,
    /// Instead of an artifact: a file of a sandbox, as it is now.
    #[serde(default)]
    file_id: Option<Uuid>,
    /// What to call it in Drive; left out, as the file, or after the artifact.
    #[serde(default)]
    name: Option<Text<1, 255>>,
    /// The identifier of a folder in Drive that Atelier may use, such as one that the user picked; left out, the top.
    #[serde(default)]
    folder_id: Option<FolderId>,
}

/// Drive's identifier of a folder.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Text<1, 255>")]
#[schemars(inline, with = "Text<1, 255>")]
struct FolderId(String);

impl TryFrom<Text<1, 255>> for FolderId {
    type Error = &'static str;

    fn try_from(text: Text<1, 255>) -> Result<Self, Self::Error> {
        let is_id = text.as_str().chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if is_id { Ok(Self(text.into_string())) } else { Err("must be letters, digits, hyphens and underscores") }
    }
}

impl Endpoint for ExportToDrive {
    const ROUTE: Route = Route::post("/v1/drive/files", "Export an artifact or a file to Google Drive").problems(&[
        &problem::DRIVE_NOT_CONNECTED,
        &problem::INVALID_REFERENCE,
        &problem::TOO_MUCH,
    ]);
    type Path = Nothing;
    type Query = Nothing;
    type Body = NewExport;
    type Reply = Created<DriveFile>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (id, new) = (Uuid::now_v7(), input.body);
        let insert = match (new.artifact_id, new.file_id) {
            (Some(artifact_id), None) => insert_version(id, artifact_id, &new),
            (None, Some(file_id)) if new.version.is_none() => insert_file(id, file_id, &new),
            (None, Some(_)) => return Err(Problem::invalid("/version", "belongs to an artifact")),
            _ => return Err(Problem::invalid("/artifact_id", "must come, or else file_id, and not both")),
        };
        let [_, _, _, _, file] =
            context.fly([check_connection(), check_limit(), insert, queue(id), select_drive_file(id)]).await?;
        Ok(Created(read_one(&file)?))
    }
}

/// Counted while the connection is held, so that no two exports are the last.
fn check_limit() -> Sql {
    sql("
        select refuse('too_much')
        where (select count(*) from drive_files where user_id = auth.uid() and state in ('queued', 'uploading')) >= $1
    ")
    .bind(EXPORTS_LIMIT)
}

fn insert_version(id: Uuid, artifact_id: Uuid, new: &NewExport) -> Sql {
    sql(format!(
        "insert into drive_files (id, user_id, artifact_id, version_id, name, mime_type, file_size, folder_id, state)
         select
             $1, auth.uid(), artifacts.id, versions.id,
             coalesce($4, case when versions.files_count = 1 then single.name else artifacts.title || '.zip' end),
             case when versions.files_count = 1 then single.content_type else 'application/zip' end,
             single.size, $5, 'queued'
         from (select) nothing
         left join artifacts on artifacts.id = $2 and {VISIBLE}
         left join artifact_versions versions
             on versions.artifact_id = artifacts.id
             and case
                 when $3::integer is null then versions.id = artifacts.current_version_id
                 else versions.version_index = $3
             end
         left join lateral (
             select substring(files.path from '[^/]*$') as name, {UPLOADABLE_TYPE} as content_type, blobs.size
             from artifact_files files
             join blobs on blobs.id = files.blob_id
             where versions.files_count = 1
               and files.artifact_id = artifacts.id
               and files.first_index <= versions.version_index
               and (files.last_index is null or files.last_index >= versions.version_index)
             limit 1
         ) single on true
         where (artifacts.id is not null or refuse('invalid_reference', '/artifact_id'))
           and (versions.id is not null or refuse('invalid_reference', '/version'))
           and (versions.files_count = 1 or versions.size <= $6 or refuse('too_much', '/artifact_id'))"
    ))
    .bind(id)
    .bind(artifact_id)
    .bind(new.version)
    .bind(new.name.clone().map(Text::into_string))
    .bind(new.folder_id.as_ref().map(|folder| folder.0.clone()))
    .bind(ARCHIVE_LIMIT)
}

/// Drive makes documents of its own of what is declared as one of those: it is to keep the bytes.
const UPLOADABLE_TYPE: &str = "
    case when lower(blobs.content_type) like 'application/vnd.google-apps%' then 'application/octet-stream' else blobs.content_type end
";

/// The bytes are held as they are now.
fn insert_file(id: Uuid, file_id: Uuid, new: &NewExport) -> Sql {
    sql(format!(
        "insert into drive_files (id, user_id, file_id, blob_id, name, mime_type, file_size, folder_id, state)
         select $1, auth.uid(), files.id, blobs.id, coalesce($3, files.file_name), {UPLOADABLE_TYPE}, blobs.size, $4, 'queued'
         from (select) nothing
         left join files on files.id = $2 and files.user_id = auth.uid() and not files.is_deleted and {IN_CONTAINER}
         left join blobs on blobs.id = files.blob_id
         where blobs.id is not null or refuse('invalid_reference', '/file_id')"
    ))
    .bind(id)
    .bind(file_id)
    .bind(new.name.clone().map(Text::into_string))
    .bind(new.folder_id.as_ref().map(|folder| folder.0.clone()))
}

fn queue(id: Uuid) -> Sql {
    sql("insert into jobs (user_id, kind, export_id) values (auth.uid(), 'drive_export', $1)").bind(id)
}
