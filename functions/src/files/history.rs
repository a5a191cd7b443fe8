//! GET /v1/files/{id}/history: what a file has held.

use shared::{
    Context, Endpoint, Input, Nothing, Page, Paging, Problem, Route, Storage,
    context::{read_all, read_one},
    model::{
        accounts::Id,
        files::{FileVersion, IN_CONTAINER},
    },
    page::after,
    sql,
};

use super::read::ContainerFilePath;

/// Lists the contents of a file, the present one first.
pub struct ListFileVersions;

impl Endpoint for ListFileVersions {
    const ROUTE: Route =
        Route::get("/v1/files/{id}/history", "List what a file has held, the present first").storage(Storage::Read);
    type Path = ContainerFilePath;
    type Query = Paging;
    type Body = Nothing;
    type Reply = Page<FileVersion>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let Paging { limit, cursor } = input.query;
        let file = sql(format!(
            "select id from files where id = $1 and user_id = auth.uid() and not is_deleted and {IN_CONTAINER}"
        ))
        .bind(input.path.id);
        let versions = sql(format!(
            "select versions.id, versions.file_size, versions.mime_type, blob_json(blobs) as blob, versions.created_at
             from file_versions versions
             left join blobs on blobs.id = versions.blob_id
             where versions.file_id = $1 and {}
             order by versions.created_at desc, versions.id desc
             limit $4",
            after(cursor, "versions", 2)
        ))
        .bind(input.path.id)
        .bind(cursor.map(|cursor| cursor.created_at))
        .bind(cursor.map(|cursor| cursor.id))
        .bind(limit.and_one());
        let [file, versions] = context.fly([file, versions]).await?;
        read_one::<Id>(&file)?;
        let mut versions: Vec<FileVersion> = read_all(&versions)?;
        let bucket = context.bucket()?;
        versions.iter_mut().filter_map(|version| version.blob.as_mut()).try_for_each(|blob| blob.sign(bucket))?;
        Ok(Page::new(versions, limit))
    }
}
