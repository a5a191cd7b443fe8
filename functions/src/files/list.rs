//! GET /v1/containers/{id}/files: the files of a sandbox, by path.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Resource, Route, Sql, Storage,
    context::{read_all, read_one},
    model::{
        accounts::Id,
        containers::select_container_id,
        files::{ContainerFile, FILE, PathCursor},
    },
    page::Limit,
    sql,
    text::Text,
};
use uuid::Uuid;

use crate::containers::read::ContainerPath;

/// Lists files by path.
pub struct ListFiles;

/// Which files.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Those whose path begins so, such as `src/`.
    #[serde(default)]
    prefix: Option<Text<1, 512>>,
    /// Items a page holds at most.
    #[serde(default)]
    limit: Limit,
    /// Where the last page ended: its `next_cursor`.
    #[serde(default)]
    cursor: Option<PathCursor>,
}

/// A page of a container's files.
#[derive(Serialize, JsonSchema)]
pub struct FilePage {
    /// The files, by path, in the order of its bytes.
    items: Vec<ContainerFile>,
    /// Give it as `cursor` for the next page; null on the last one.
    next_cursor: Option<PathCursor>,
}

impl Resource for FilePage {}

impl Endpoint for ListFiles {
    const ROUTE: Route =
        Route::get("/v1/containers/{id}/files", "List the files of a sandbox by path").storage(Storage::Read);
    type Path = ContainerPath;
    type Query = Filter;
    type Body = Nothing;
    type Reply = Json<FilePage>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (id, limit) = (input.path.id, input.query.limit);
        let [container, files] = context.fly([select_container_id(id), input.query.select(id)]).await?;
        read_one::<Id>(&container)?;
        let mut items: Vec<ContainerFile> = read_all(&files)?;
        let bucket = context.bucket()?;
        items.iter_mut().try_for_each(|file| file.sign(bucket))?;
        let more = i64::try_from(items.len()).is_ok_and(|found| found == limit.and_one());
        if more {
            items.pop();
        }
        let next_cursor = items.last().filter(|_| more).map(|file| PathCursor(file.file_path.clone()));
        Ok(Json(FilePage { items, next_cursor }))
    }
}

impl Filter {
    /// Each combination is its own statement. The comparisons by bytes (`~>=~` and the like) are those of the index, and
    /// the page is found by it before blobs are joined.
    fn select(self, container_id: Uuid) -> Sql {
        let begins = match self.prefix {
            Some(_) => "files.file_path ~>=~ $2 and files.file_path ~<~ $3",
            None => "$2::text is null and $3::text is null",
        };
        let after = if self.cursor.is_some() { "files.file_path ~>~ $4" } else { "$4::text is null" };
        let prefix = self.prefix.map(Text::into_string);
        sql(format!(
            "select {FILE}
             from (
                 select *
                 from files
                 where files.container_id = $1
                   and files.user_id = auth.uid()
                   and not files.is_deleted
                   and {begins}
                   and {after}
                 order by files.file_path using ~<~
                 limit $5
             ) files
             left join blobs on blobs.id = files.blob_id
             order by files.file_path using ~<~"
        ))
        .bind(container_id)
        .bind(prefix.clone())
        // No character comes after this one.
        .bind(prefix.map(|prefix| format!("{prefix}\u{10ffff}")))
        .bind(self.cursor.map(|cursor| cursor.0))
        .bind(self.limit.and_one())
    }
}
