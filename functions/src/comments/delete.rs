//! DELETE /v1/comments/{id}: remove a comment.

use shared::{Context, Endpoint, Input, NoContent, Nothing, Problem, Route, model::accounts::Id, sql};

use super::read::CommentPath;

/// Removes a comment: its author may, and the owner of the artifact. Where others have answered, an empty one stays in its
/// place, until the last answer is removed.
pub struct DeleteComment;

impl Endpoint for DeleteComment {
    const ROUTE: Route =
        Route::delete("/v1/comments/{id}", "Remove one's comment, or one from one's artifact; answers stay");
    type Path = CommentPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoContent;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        context.one::<Id>(sql("select $1 as id where delete_comment($1)").bind(input.path.id)).await?;
        Ok(NoContent)
    }
}
