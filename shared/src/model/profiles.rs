//! Profiles: what others see of a user.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::blobs::{Blob, sign_all};
use crate::{Problem, Resource, Sql, bucket::Bucket, from_json_column, from_row, sql};

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
    /// The picture as a JPEG of at most 160 pixels a side.
    pub avatar_small: Option<Blob>,
}

from_json_column!(Owner);

impl Owner {
    /// Makes the URLs.
    pub fn sign(&mut self, bucket: &Bucket) -> Result<(), Problem> {
        sign_all([&mut self.avatar, &mut self.avatar_small], bucket)
    }
}

/// [`OWNER`], for texts put together where they are compiled.
macro_rules! owner {
    () => {
        "json_build_object(
            'user_id', profiles.user_id,
            'handle', profiles.handle,
            'display_name', profiles.display_name,
            'avatar', blob_json(avatars),
            'avatar_small', blob_json(small_avatars)
        )"
    };
}

/// [`OWNER_JOINS`], likewise.
macro_rules! owner_joins {
    () => {
        "left join blobs avatars on avatars.id = profiles.avatar_blob_id
        left join pictures avatar_pictures on avatar_pictures.blob_id = profiles.avatar_blob_id
        left join blobs small_avatars on small_avatars.id = avatar_pictures.small_blob_id"
    };
}

pub(crate) use {owner, owner_joins};

/// [`Owner`] as JSON, of `profiles` and [`OWNER_JOINS`].
pub const OWNER: &str = owner!();

/// What [`OWNER`] needs, to follow the join of `profiles`.
pub const OWNER_JOINS: &str = owner_joins!();

/// What is the user's alone unless they choose to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrivateField {
    /// Years.
    Age,
    /// As the user calls it.
    Gender,
    /// City.
    City,
    /// Country.
    Country,
}

impl PrivateField {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Gender => "gender",
            Self::City => "city",
            Self::Country => "country",
        }
    }
}

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
    /// The picture as a JPEG of at most 480 pixels a side.
    pub avatar_thumb: Option<Blob>,
    /// The picture as a JPEG of at most 160 pixels a side.
    pub avatar_small: Option<Blob>,
    /// Years; null to everyone but the user, unless they show it.
    pub age: Option<i32>,
    /// As the user calls it; null to everyone but the user, unless they show it.
    pub gender: Option<String>,
    /// Null to everyone but the user, unless they show it.
    pub city: Option<String>,
    /// Null to everyone but the user, unless they show it.
    pub country: Option<String>,
    /// What of these four the user shows to everyone.
    #[schemars(with = "Vec<PrivateField>")]
    pub visible_fields: Vec<String>,
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
    avatar_thumb,
    avatar_small,
    age,
    gender,
    city,
    country,
    visible_fields,
    created_at,
    updated_at,
    revision,
});

impl Profile {
    /// Makes the URLs.
    pub fn sign(&mut self, bucket: &Bucket) -> Result<(), Problem> {
        sign_all([&mut self.avatar, &mut self.avatar_thumb, &mut self.avatar_small], bucket)
    }
}

impl Resource for Profile {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    fn location(&self) -> Option<String> {
        Some(format!("/v1/profiles/{}", self.handle))
    }
}

/// The columns of [`Profile`], to follow `select`. What is the owner's alone comes from a function: its columns cannot be
/// read otherwise.
pub const PROFILE: &str = "
    profiles.user_id, profiles.handle, profiles.display_name, profiles.bio, blob_json(avatars) as avatar,
    blob_json(avatar_thumbs) as avatar_thumb, blob_json(small_avatars) as avatar_small, details.age, details.gender,
    details.city, details.country, profiles.visible_fields, profiles.created_at, profiles.updated_at, profiles.revision
from profiles
cross join lateral profile_details(profiles.user_id) details
left join blobs avatars on avatars.id = profiles.avatar_blob_id
left join pictures avatar_pictures on avatar_pictures.blob_id = profiles.avatar_blob_id
left join blobs avatar_thumbs on avatar_thumbs.id = avatar_pictures.thumb_blob_id
left join blobs small_avatars on small_avatars.id = avatar_pictures.small_blob_id
";

/// The caller's own profile.
#[must_use]
pub fn select_own_profile() -> Sql {
    sql(format!("select {PROFILE} where profiles.user_id = auth.uid()"))
}
