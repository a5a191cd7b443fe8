//! PATCH /v1/comments/{id}: word a comment differently.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Storage,
    context::read_one,
    model::{
        accounts::Id,
        artifacts::VISIBLE,
        comments::{Comment, select_comment},
    },
    sql,
    text::Text,
};

use super::read::CommentPath;

/// Changes a comment of the caller's.
pub struct UpdateComment;

/// What to change.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"body": "It ticks, and it chimes!"}))]
pub struct CommentChanges {
    /// What it says.
    body: Text<1, 10_000>,
}

impl Endpoint for UpdateComment {
    const ROUTE: Route =
        Route::patch("/v1/comments/{id}", "Word a comment differently").storage(Storage::Read).if_match();
    type Path = CommentPath;
    type Query = Nothing;
    type Body = CommentChanges;
    type Reply = Json<Comment>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = input.path.id;
        let update = sql(format!(
            "update artifact_comments set body = $3
             where id = $1
               and user_id = auth.uid()
               and deleted_at is null
               and exists (select from artifacts where artifacts.id = artifact_comments.artifact_id and {VISIBLE})
               and if_match(revision, $2)
             returning id"
        ))
        .bind(id)
        .bind(input.if_match)
        .bind(input.body.body.into_string());
        let [updated, rows] = context.fly([update, select_comment(id)]).await?;
        read_one::<Id>(&updated)?;
        let mut comment: Comment = read_one(&rows)?;
        comment.sign(context.bucket()?)?;
        Ok(Json(comment))
    }
}
