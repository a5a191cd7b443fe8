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
    age,
    gender,
    city,
    country,
    visible_fields,
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

/// The columns of [`Profile`], to follow `select`. What is the owner's alone comes from a function: its columns cannot be
/// read otherwise.
pub const PROFILE: &str = "
    profiles.user_id, profiles.handle, profiles.display_name, profiles.bio, blob_json(avatars) as avatar, details.age,
    details.gender, details.city, details.country, profiles.visible_fields, profiles.created_at, profiles.updated_at,
    profiles.revision
from profiles
cross join lateral profile_details(profiles.user_id) details
left join blobs avatars on avatars.id = profiles.avatar_blob_id
";

/// The caller's own profile.
#[must_use]
pub fn select_own_profile() -> Sql {
    sql(format!("select {PROFILE} where profiles.user_id = auth.uid()"))
}
