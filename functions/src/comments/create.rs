//! POST /v1/artifacts/{id}/comments: comment on an artifact, or answer a comment.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Route, Sql, Storage,
    context::read_one,
    model::{
        artifacts::VISIBLE,
        comments::{Comment, select_comment},
    },
    problem, sql,
    text::Text,
};
use uuid::Uuid;

use crate::artifacts::read::ArtifactPath;

/// Comments on an artifact.
pub struct CreateComment;

/// A new comment.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"body": "It ticks!"}))]
pub struct NewComment {
    /// What it says.
    body: Text<1, 10_000>,
    /// The comment of this artifact that it answers. Answers go 100 deep.
    #[serde(default)]
    parent_id: Option<Uuid>,
}

impl Endpoint for CreateComment {
    const ROUTE: Route = Route::post("/v1/artifacts/{id}/comments", "Comment on an artifact, or answer a comment")
        .storage(Storage::Read)
        .problems(&[&problem::INVALID_REFERENCE]);
    type Path = ArtifactPath;
    type Query = Nothing;
    type Body = NewComment;
    type Reply = Created<Comment>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = Uuid::now_v7();
        let [_, rows] = context.fly([insert(id, input.path.id, input.body), select_comment(id)]).await?;
        let mut comment: Comment = read_one(&rows)?;
        comment.sign(context.bucket()?)?;
        Ok(Created(comment))
    }
}

fn insert(id: Uuid, artifact_id: Uuid, new: NewComment) -> Sql {
    sql(format!(
        "insert into artifact_comments (id, artifact_id, user_id, parent_id, body)
         select $1, artifacts.id, auth.uid(), $3, $4
         from artifacts
         where artifacts.id = $2
           and {VISIBLE}
           and ($3::uuid is null
                or exists (
                    select from artifact_comments
                    where artifact_comments.id = $3
                      and artifact_comments.artifact_id = $2
                      and artifact_comments.deleted_at is null
                )
                or refuse('invalid_reference', '/parent_id'))
           and ($3::uuid is null or comment_depth($3) < 100 or refuse('invalid', '/parent_id'))"
    ))
    .bind(id)
    .bind(artifact_id)
    .bind(new.parent_id)
    .bind(new.body.into_string())
}
