//! Profiles: what others see of a user.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::blobs::Blob;
use crate::{Resource, Sql, from_json_column, from_row, sql};

/// The little that is shown of a user beside what is theirs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    /// The user.
    pub user_id: Uuid,
    /// Public name in URLs.
    pub handle: String,
    /// Name to show.
    pub display_name: Option<String>,
    /// Picture.
    pub avatar: Option<Blob>,
}

from_json_column!(Owner);

/// A profile.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Profile {
    /// The user.
    pub user_id: Uuid,
    /// Public name in URLs, lower case.
    pub handle: String,
    /// Name to show.
    pub display_name: Option<String>,
    /// About the user, in their own words.
    pub bio: Option<String>,
    /// Picture.
    pub avatar: Option<Blob>,
    /// Years; null to everyone but the user.
    pub age: Option<i32>,
    /// As the user calls it; null to everyone but the user.
    pub gender: Option<String>,
    /// Null to everyone but the user.
    pub city: Option<String>,
    /// Null to everyone but the user.
    pub country: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Number of changes.
    #[serde(skip)]
    #[schemars(skip)]
    pub revision: i64,
}

from_row!(Profile {
    user_id,
    handle,
    display_name,
    bio,
    avatar,
    age,
    gender,
    city,
    country,
    created_at,
    updated_at,
    revision,
});

impl Resource for Profile {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    fn location(&self) -> Option<String> {
        Some(format!("/v1/profiles/{}", self.handle))
    }
}

/// The columns of [`Profile`], to follow `select`; age, gender, city and country are the owner's alone.
pub const PROFILE: &str = "
    profiles.user_id, profiles.handle, profiles.display_name, profiles.bio, blob_json(avatars) as avatar,
    case when profiles.user_id = auth.uid() then profiles.age end as age,
    case when profiles.user_id = auth.uid() then profiles.gender end as gender,
    case when profiles.user_id = auth.uid() then profiles.city end as city,
    case when profiles.user_id = auth.uid() then profiles.country end as country,
    profiles.created_at, profiles.updated_at, profiles.revision
from profiles
left join blobs avatars on avatars.id = profiles.avatar_blob_id
";

/// The caller's own profile.
#[must_use]
pub fn select_own_profile() -> Sql {
    sql(format!("select {PROFILE} where profiles.user_id = auth.uid()"))
}
