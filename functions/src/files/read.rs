//! GET /v1/files/{id}: a file of a sandbox.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Sql, Storage,
    model::{
        files::{ContainerFile, IN_CONTAINER, select_file},
        texts::{BASES, TEXT},
    },
    sql,
};
use uuid::Uuid;

/// Reads a file.
pub struct ReadContainerFile;

/// The file.
#[derive(Deserialize, JsonSchema)]
pub struct ContainerFilePath {
    /// The file.
    pub id: Uuid,
}

/// Which of its contents.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// A version of its history; left out, what it holds now.
    #[serde(default)]
    version: Option<Uuid>,
}

impl Endpoint for ReadContainerFile {
    const ROUTE: Route = Route::get("/v1/files/{id}", "Read a file of a sandbox").storage(Storage::Read);
    type Path = ContainerFilePath;
    type Query = Which;
    type Body = Nothing;
    type Reply = Json<ContainerFile>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = input.path.id;
        let select = match input.query.version {
            Some(version) => select_version(id, version),
            None => select_file("files.id = $1").bind(id),
        };
        let [rows] = context.fly([select]).await?;
        Ok(Json(ContainerFile::read(&rows, context.bucket()?)?))
    }
}

/// The file as it was with a version's content.
fn select_version(id: Uuid, version_id: Uuid) -> Sql {
    sql(format!(
        "select
             files.id, files.container_id, files.file_path, files.file_name, versions.file_size, versions.mime_type,
             blob_json(blobs) as blob, files.created_at, versions.created_at as updated_at, files.revision,
             {TEXT}
         from files
         join file_versions versions on versions.file_id = files.id
         left join blobs on blobs.id = versions.blob_id
         {BASES}
         where files.id = $1
           and versions.id = $2
           and files.user_id = auth.uid()
           and not files.is_deleted
           and {IN_CONTAINER}"
    ))
    .bind(id)
    .bind(version_id)
}
