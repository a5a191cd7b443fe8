//! GET /v1/drive/files: what was exported to Google Drive.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Nothing, Page, Problem, Route, Sql,
    model::drive::{DRIVE_FILE, DriveFile, DriveFileState},
    page::{Cursor, Limit, after},
    sql,
};
use uuid::Uuid;

/// Lists exports, newest first: those that wait, those that failed and why, and those that are in Drive.
pub struct ListDriveFiles;

/// Which exports.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Those that stand so.
    #[serde(default)]
    state: Option<DriveFileState>,
    /// Those of this artifact.
    #[serde(default)]
    artifact_id: Option<Uuid>,
    /// Items a page holds at most.
    #[serde(default)]
    limit: Limit,
    /// Where the last page ended: its `next_cursor`.
    #[serde(default)]
    cursor: Option<Cursor>,
}

impl Endpoint for ListDriveFiles {
    const ROUTE: Route = Route::get("/v1/drive/files", "List what was exported to Google Drive");
    type Path = Nothing;
    type Query = Filter;
    type Body = Nothing;
    type Reply = Page<DriveFile>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let limit = input.query.limit;
        Ok(Page::new(context.list(input.query.select()).await?, limit))
    }
}

impl Filter {
    /// Each combination is its own statement, so that each uses its index.
    fn select(&self) -> Sql {
        let state = if self.state.is_some() { "drive_files.state = $4" } else { "$4::text is null" };
        let artifact = if self.artifact_id.is_some() { "drive_files.artifact_id = $5" } else { "$5::uuid is null" };
        sql(format!(
            "select {DRIVE_FILE}
             where drive_files.user_id = auth.uid() and {} and {state} and {artifact}
             order by drive_files.created_at desc, drive_files.id desc
             limit $3",
            after(self.cursor, "drive_files", 1)
        ))
        .bind(self.cursor.map(|cursor| cursor.created_at))
        .bind(self.cursor.map(|cursor| cursor.id))
        .bind(self.limit.and_one())
        .bind(self.state.map(DriveFileState::as_str))
        .bind(self.artifact_id)
    }
}
