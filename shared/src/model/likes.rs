//! Likes: whom an artifact pleases.

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::artifacts::VISIBLE;
use crate::{Resource, Sql, from_row, sql};

/// How an artifact is liked.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Likes {
    /// Whether the caller likes it.
    pub liked: bool,
    /// How many like it.
    pub likes_count: i32,
}

from_row!(Likes { liked, likes_count });

impl Resource for Likes {}

/// How an artifact that the caller may see is liked.
#[must_use]
pub fn select_likes(artifact_id: Uuid) -> Sql {
    sql(format!(
        "select
             exists (
                 select from artifact_likes
                 where artifact_likes.artifact_id = artifacts.id and artifact_likes.user_id = auth.uid()
             ) as liked,
             (
                 select coalesce(sum(artifact_counts.likes), 0)::integer
                 from artifact_counts
                 where artifact_counts.artifact_id = artifacts.id
             ) as likes_count
         from artifacts
         where artifacts.id = $1 and {VISIBLE}"
    ))
    .bind(artifact_id)
}
