//! Artifacts: what people make, publish and fork.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{
    blobs::{Blob, sign_all},
    profiles::{Owner, owner, owner_joins},
    versions::VersionSummary,
};
use crate::{
    Problem, Resource, Sql,
    bucket::Bucket,
    from_json_column,
    page::{Cursor, Keyset},
    sql,
};

/// Who may see an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everyone, in the gallery.
    Public,
    /// Its owner alone.
    Private,
}

impl Visibility {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}

/// The generation session an artifact came out of.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceSession {
    /// The client's name for it.
    pub id: crate::text::Text<1, 200>,
    /// Credits it used, as far as known.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub credits_estimate: Option<Credits>,
}

/// An amount of credits: finite, not negative.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Credits(pub f64);

impl<'de> Deserialize<'de> for Credits {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let credits = f64::deserialize(deserializer)?;
        if (0.0..1e12).contains(&credits) {
            Ok(Self(credits))
        } else {
            Err(serde::de::Error::custom("must be from 0 to a trillion"))
        }
    }
}

/// An artifact's pictures.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Media {
    /// As large as it was uploaded.
    pub screenshot: Option<Blob>,
    /// The screenshot as a JPEG of at most 480 pixels a side.
    pub thumb: Option<Blob>,
    /// The screenshot as a JPEG of at most 160 pixels a side.
    pub small: Option<Blob>,
}

from_json_column!(Media);

/// [`MEDIA`], for texts put together where they are compiled.
macro_rules! media {
    () => {
        "json_build_object(
            'screenshot', blob_json(screenshots),
            'thumb', case
                when media.thumb_blob_id is not null then blob_json(thumbs)
                else (select blob_json(made) from blobs made where made.id = pictures.thumb_blob_id)
            end,
            'small', blob_json(small_screenshots)
        )"
    };
}

/// [`MEDIA_JOINS`], likewise.
macro_rules! media_joins {
    () => {
        "left join artifact_media media on media.artifact_id = artifacts.id
        left join blobs screenshots on screenshots.id = media.screenshot_blob_id
        left join pictures on pictures.blob_id = media.screenshot_blob_id
        left join blobs thumbs on thumbs.id = media.thumb_blob_id
        left join blobs small_screenshots on small_screenshots.id = pictures.small_blob_id"
    };
}

/// [`Media`] as JSON, of `artifacts` and [`MEDIA_JOINS`]. A thumbnail that an import brought goes before ours.
pub const MEDIA: &str = media!();

/// What [`MEDIA`] needs, to follow `artifacts`.
pub const MEDIA_JOINS: &str = media_joins!();

impl Media {
    /// Makes the URLs.
    pub fn sign(&mut self, bucket: &Bucket) -> Result<(), Problem> {
        sign_all([&mut self.screenshot, &mut self.thumb, &mut self.small], bucket)
    }
}

/// An artifact.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Artifact {
    /// Identifier.
    pub id: Uuid,
    /// The owner.
    pub owner_user_id: Uuid,
    /// What it is called.
    pub title: String,
    /// What it is, in a few words.
    pub description: Option<String>,
    /// Who may see it.
    #[schemars(with = "Visibility")]
    pub visibility: String,
    /// What kind of thing it is: code, image, model, and so on.
    pub r#type: String,
    /// The tool that made it.
    pub tool_name: Option<String>,
    /// Whatever the client keeps with it.
    #[schemars(with = "crate::text::Object")]
    pub metadata: Value,
    /// The chat it came out of; null to everyone but the owner.
    pub chat_id: Option<Uuid>,
    /// The project it belongs to; null to everyone but the owner.
    pub project_id: Option<Uuid>,
    /// The artifact it is a fork of; null, as is all about it, where the caller may not see it or it is gone.
    pub forked_from_id: Option<Uuid>,
    /// Whose that was.
    pub forked_from_owner_user_id: Option<Uuid>,
    /// The version that was forked.
    pub forked_from_version_id: Option<Uuid>,
    /// What that version was labelled.
    pub forked_from_version_label: Option<String>,
    /// The original at the root of all forks; null where the caller may not see it or it is gone.
    pub origin_artifact_id: Option<Uuid>,
    /// Whose that is.
    pub origin_owner_user_id: Option<Uuid>,
    /// The generation session it came out of; null to everyone but the owner.
    pub source_session: Option<SourceSession>,
    /// The newest version.
    pub current_version_id: Option<Uuid>,
    /// Whether others see earlier versions.
    pub versioning_enabled: bool,
    /// Whether others see the chat behind a version.
    pub chat_history_public: bool,
    /// How often it was forked.
    pub forks_count: i32,
    /// How often it was imported into a project.
    pub imports_count: i32,
    /// How many like it.
    pub likes_count: i32,
    /// How many comments it has.
    pub comments_count: i32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Since when it is in its owner's trash; null for artifacts in use.
    pub deleted_at: Option<Timestamp>,
    /// Whose it is.
    pub owner: Owner,
    /// The newest version.
    pub current_version: Option<VersionSummary>,
    /// Its pictures.
    pub media: Media,
    /// Whether the caller likes it.
    pub liked: bool,
    /// Number of changes.
    #[serde(skip)]
    #[schemars(skip)]
    pub revision: i64,
}

from_json_column!(SourceSession);

crate::from_row!(Artifact {
    id,
    owner_user_id,
    title,
    description,
    visibility,
    r#type,
    tool_name,
    metadata,
    chat_id,
    project_id,
    forked_from_id,
    forked_from_owner_user_id,
    forked_from_version_id,
    forked_from_version_label,
    origin_artifact_id,
    origin_owner_user_id,
    source_session,
    current_version_id,
    versioning_enabled,
    chat_history_public,
    forks_count,
    imports_count,
    likes_count,
    comments_count,
    created_at,
    updated_at,
    deleted_at,
    owner,
    current_version,
    media,
    liked,
    revision,
});

impl Resource for Artifact {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    fn location(&self) -> Option<String> {
        Some(format!("/v1/artifacts/{}", self.id))
    }
}

impl Keyset for Artifact {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

impl Artifact {
    /// Makes the URLs of its pictures.
    pub fn sign(&mut self, bucket: &Bucket) -> Result<(), Problem> {
        self.owner.sign(bucket)?;
        self.media.sign(bucket)
    }
}

/// The columns of [`Artifact`], to follow `select`. Whoever selects also says who may see what it finds. Sources are
/// named only to those who see them, and come from `public.artifacts` as `artifacts` may be a page.
pub const ARTIFACT: &str = concat!(
    "
    artifacts.id, artifacts.owner_user_id, artifacts.title, artifacts.description, artifacts.visibility, artifacts.type,
    artifacts.tool_name, artifacts.metadata,
    case when artifacts.owner_user_id = auth.uid() then artifacts.chat_id end as chat_id,
    case when artifacts.owner_user_id = auth.uid() then artifacts.project_id end as project_id,
    sources.id as forked_from_id,
    case when sources.id is not null then artifacts.forked_from_owner_user_id end as forked_from_owner_user_id,
    case when sources.id is not null then artifacts.forked_from_version_id end as forked_from_version_id,
    case when sources.id is not null then artifacts.forked_from_version_label end as forked_from_version_label,
    origins.id as origin_artifact_id,
    case when origins.id is not null then artifacts.origin_owner_user_id end as origin_owner_user_id,
    case when artifacts.owner_user_id = auth.uid() and artifacts.source_session_id is not null then json_build_object(
        'id', artifacts.source_session_id,
        'credits_estimate', artifacts.source_session_credits_estimate
    ) end as source_session,
    artifacts.current_version_id, artifacts.versioning_enabled, artifacts.chat_history_public,
    counts.forks_count, counts.imports_count, counts.likes_count, counts.comments_count,
    artifacts.created_at, artifacts.updated_at, artifacts.deleted_at, artifacts.revision,
    ",
    owner!(),
    " as owner,
    case when versions.id is not null then json_build_object(
        'id', versions.id,
        'version_index', versions.version_index,
        'summary', versions.summary,
        'label', versions.label,
        'code_language', versions.code_language,
        'files_count', versions.files_count,
        'size', versions.size,
        'created_at', versions.created_at
    ) end as current_version,
    ",
    media!(),
    " as media,
    exists (
        select from artifact_likes
        where artifact_likes.artifact_id = artifacts.id and artifact_likes.user_id = auth.uid()
    ) as liked
from artifacts
join profiles on profiles.user_id = artifacts.owner_user_id
",
    owner_joins!(),
    "
left join artifact_versions versions on versions.id = artifacts.current_version_id
",
    media_joins!(),
    "
left join public.artifacts sources on sources.id = artifacts.forked_from_id
    and sources.deleted_at is null
    and (sources.visibility = 'public' or sources.owner_user_id = (select auth.uid()))
left join public.artifacts origins on origins.id = artifacts.origin_artifact_id
    and origins.deleted_at is null
    and (origins.visibility = 'public' or origins.owner_user_id = (select auth.uid()))
cross join lateral (
    select
        coalesce(sum(artifact_counts.forks), 0)::integer as forks_count,
        coalesce(sum(artifact_counts.imports), 0)::integer as imports_count,
        coalesce(sum(artifact_counts.likes), 0)::integer as likes_count,
        coalesce(sum(artifact_counts.comments), 0)::integer as comments_count
    from artifact_counts
    where artifact_counts.artifact_id = artifacts.id
) counts
"
);

/// Which artifacts the caller may see: their own, and public ones.
pub const VISIBLE: &str = "
    artifacts.deleted_at is null
    and (artifacts.visibility = 'public' or artifacts.owner_user_id = (select auth.uid()))
";

/// One artifact that the caller may see.
#[must_use]
pub fn select_artifact(id: Uuid) -> Sql {
    sql(format!("select {ARTIFACT} where artifacts.id = $1 and {VISIBLE}")).bind(id)
}

/// The id of an artifact, if the caller may see it: so that an empty list of what belongs to it is told from a 404.
#[must_use]
pub fn select_visible_id(id: Uuid) -> Sql {
    sql(format!("select artifacts.id from artifacts where artifacts.id = $1 and {VISIBLE}")).bind(id)
}
