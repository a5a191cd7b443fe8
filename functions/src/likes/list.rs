//! GET /v1/artifacts/{id}/likes: who likes an artifact.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Access, Context, Endpoint, Input, Nothing, Page, Paging, Problem, Route, Sql, Storage,
    context::{read_all, read_one},
    from_row,
    model::{
        accounts::Id,
        artifacts::select_visible_id,
        profiles::{OWNER, OWNER_JOINS, Owner},
    },
    page::{Cursor, Keyset, after},
    sql,
};
use uuid::Uuid;

use crate::artifacts::read::ArtifactPath;

/// Lists who likes an artifact.
pub struct ListLikes;

/// Someone who likes an artifact.
#[derive(Serialize, JsonSchema)]
pub struct Like {
    /// Who.
    #[serde(flatten)]
    user: Owner,
    /// Since when.
    created_at: Timestamp,
}

from_row!(Like { user, created_at });

impl Keyset for Like {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.user.user_id }
    }
}

impl Endpoint for ListLikes {
    const ROUTE: Route = Route::get("/v1/artifacts/{id}/likes", "List who likes an artifact, newest first")
        .access(Access::Optional)
        .storage(Storage::Read);
    type Path = ArtifactPath;
    type Query = Paging;
    type Body = Nothing;
    type Reply = Page<Like>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = input.path.id;
        let [artifact, likes] = context.fly([select_visible_id(id), select(id, input.query)]).await?;
        read_one::<Id>(&artifact)?;
        let mut likes: Vec<Like> = read_all(&likes)?;
        let bucket = context.bucket()?;
        likes.iter_mut().try_for_each(|like| like.user.sign(bucket))?;
        Ok(Page::new(likes, input.query.limit))
    }
}

/// A page of them.
#[must_use]
pub fn select(artifact_id: Uuid, Paging { limit, cursor }: Paging) -> Sql {
    sql(format!(
        "select
             likes.created_at,
             {OWNER} as user
         from (
             select artifact_likes.user_id, artifact_likes.created_at
             from artifact_likes
             where artifact_likes.artifact_id = $1 and {}
             order by artifact_likes.created_at desc, artifact_likes.user_id desc
             limit 101
         ) likes
         join profiles on profiles.user_id = likes.user_id
         {OWNER_JOINS}
         order by likes.created_at desc, likes.user_id desc
         limit $4",
        after(cursor, "artifact_likes", 2).replace("artifact_likes.id", "artifact_likes.user_id"),
    ))
    .bind(artifact_id)
    .bind(cursor.map(|cursor| cursor.created_at))
    .bind(cursor.map(|cursor| cursor.id))
    .bind(limit.and_one())
}
