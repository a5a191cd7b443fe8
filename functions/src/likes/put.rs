//! PUT /v1/artifacts/{id}/like: like an artifact.

use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route,
    context::read_one,
    model::{
        artifacts::VISIBLE,
        likes::{Likes, select_likes},
    },
    sql,
};

use crate::artifacts::read::ArtifactPath;

/// Likes an artifact, however often it is called.
pub struct PutLike;

impl Endpoint for PutLike {
    const ROUTE: Route = Route::put("/v1/artifacts/{id}/like", "Like an artifact");
    type Path = ArtifactPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Likes>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = input.path.id;
        let insert = sql(format!(
            "insert into artifact_likes (artifact_id, user_id)
             select artifacts.id, auth.uid()
             from artifacts
             where artifacts.id = $1 and {VISIBLE}
             on conflict do nothing"
        ))
        .bind(id);
        let [_, likes] = context.fly([insert, select_likes(id)]).await?;
        Ok(Json(read_one(&likes)?))
    }
}
