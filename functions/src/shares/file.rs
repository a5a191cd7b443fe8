//! GET /v1/shared/{token}/files/{path+}: one file of an artifact that is shared.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Access, Context, Endpoint, Input, Json, Nothing, Problem, Route, Storage,
    context::read_one,
    model::{
        shares::{READ_ON_PROBLEMS, SHARE_VIEW, resume_share, select_shared_file},
        versions::{File, FileRow},
    },
    text::{FilePath, Sha256, Text},
};

/// Reads one file, for text that does not come with the version.
pub struct ReadSharedFile;

/// The file.
#[derive(Deserialize, JsonSchema)]
pub struct SharedFilePath {
    /// The link's token.
    token: Text<1, 200>,
    /// Where in the version.
    path: FilePath,
}

impl Endpoint for ReadSharedFile {
    const ROUTE: Route = Route::get("/v1/shared/{token}/files/{path+}", "Read one file of an artifact that is shared")
        .access(Access::Anyone)
        .storage(Storage::Read)
        .headers(&[SHARE_VIEW])
        .problems(READ_ON_PROBLEMS);
    type Path = SharedFilePath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<File>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let token = Sha256::of(input.path.token.as_str().as_bytes());
        let resume = resume_share(&token, input.header(&SHARE_VIEW));
        let [_, file] = context.fly([resume, select_shared_file(input.path.path)]).await?;
        let file: FileRow = read_one(&file)?;
        Ok(Json(file.into_file(context.bucket()?)?))
    }
}
