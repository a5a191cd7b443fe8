//! GET /v1/comments/{id}: a comment.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Access, Context, Endpoint, Input, Json, Nothing, Problem, Route, Storage,
    model::comments::{Comment, select_comment},
};
use uuid::Uuid;

/// Reads a comment.
pub struct ReadComment;

/// The comment.
#[derive(Deserialize, JsonSchema)]
pub struct CommentPath {
    /// The comment.
    pub id: Uuid,
}

impl Endpoint for ReadComment {
    const ROUTE: Route =
        Route::get("/v1/comments/{id}", "Read a comment").access(Access::Optional).storage(Storage::Read);
    type Path = CommentPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Comment>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let mut comment: Comment = context.one(select_comment(input.path.id)).await?;
        comment.sign(context.bucket()?)?;
        Ok(Json(comment))
    }
}
