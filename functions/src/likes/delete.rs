//! DELETE /v1/artifacts/{id}/like: like an artifact no longer.

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

/// Takes a like back, however often it is called.
pub struct DeleteLike;

impl Endpoint for DeleteLike {
    const ROUTE: Route = Route::delete("/v1/artifacts/{id}/like", "Like an artifact no longer");
    type Path = ArtifactPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Likes>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = input.path.id;
        let delete = sql(format!(
            "delete from artifact_likes
             where artifact_id = $1
               and user_id = auth.uid()
               and exists (select from artifacts where artifacts.id = $1 and {VISIBLE})"
        ))
        .bind(id);
        let [_, likes] = context.fly([delete, select_likes(id)]).await?;
        Ok(Json(read_one(&likes)?))
    }
}
