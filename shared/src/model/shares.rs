//! Shares: links by which anyone who has one opens a chat or an artifact.
//!
//! A link's token is looked for by its hash in `auth.open_share()`, which counts a view and goes on as the owner, who can only
//! read from then on. The statements here pick out of what that one sees just what is shared: that of `auth.share_id()`.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{
    artifacts::{MEDIA, MEDIA_JOINS, Media},
    messages::{Message, select_page},
    profiles::{OWNER, OWNER_JOINS, Owner},
    versions::{Version, read_version, select_all_file_rows, select_one_file_row},
};
use crate::{
    Page, Problem, RequestHeader, Resource, Sql,
    bucket::Bucket,
    context::read_all,
    database::Row,
    from_json_column, from_row,
    page::{Cursor, Keyset, Limit},
    problem::{self, Kind},
    sql,
    text::{FilePath, Object, Sha256},
};

/// What a link leads to.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShareKind {
    /// A chat.
    Chat,
    /// An artifact.
    Artifact,
}

/// Whether a link can be opened, or why not.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShareState {
    /// It can.
    Active,
    /// Its time is over.
    Expired,
    /// What it led to is deleted, or in the trash.
    Gone,
    /// It was opened as often as it may be.
    Spent,
}

/// A link to a chat or an artifact, as its owner sees it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Share {
    /// Identifier.
    pub id: Uuid,
    /// What it leads to.
    #[schemars(with = "ShareKind")]
    pub kind: String,
    /// The chat; null where it is an artifact, or once the chat is gone.
    pub chat_id: Option<Uuid>,
    /// The artifact; null where it is a chat, or once the artifact is gone.
    pub artifact_id: Option<Uuid>,
    /// The last message of the chat that is shown; null for all, those still to come too.
    pub message_id: Option<Uuid>,
    /// The version of the artifact that is shown; null for whichever is the newest.
    pub version: Option<i32>,
    /// Whether it shows what is added later.
    pub is_live: bool,
    /// Whether it takes a password to open it.
    pub has_password: bool,
    /// From when on it cannot be opened; null for never.
    pub expires_at: Option<Timestamp>,
    /// How often it can be opened; null for any number.
    pub max_views: Option<i32>,
    /// How often it was opened.
    pub views_count: i64,
    /// When it was last opened; null while it was not.
    pub last_viewed_at: Option<Timestamp>,
    /// Whether it can be opened now, or why not.
    #[schemars(with = "ShareState")]
    pub state: String,
    /// When it was made.
    pub created_at: Timestamp,
}

from_row!(Share {
    id,
    kind,
    chat_id,
    artifact_id,
    message_id,
    version,
    is_live,
    has_password,
    expires_at,
    max_views,
    views_count,
    last_viewed_at,
    state,
    created_at,
});

impl Resource for Share {}

impl Keyset for Share {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

/// The columns of [`Share`], to follow `select`.
pub const SHARE: &str = "
    shares.id, shares.kind, shares.chat_id, shares.artifact_id, shares.through_message_id as message_id,
    shares.version_index as version, num_nulls(shares.through_message_id, shares.version_index) = 2 as is_live,
    shares.has_password, shares.expires_at, shares.max_views, views.views_count, views.last_viewed_at,
    share_state(shares.id) as state, shares.created_at
from shares
cross join lateral (
    select
        coalesce(sum(share_views.views), 0)::bigint as views_count, max(share_views.last_viewed_at) as last_viewed_at
    from share_views
    where share_views.share_id = shares.id
) views
";

/// Why a link that was opened may not be read on.
pub const READ_ON_PROBLEMS: &[&Kind] =
    &[&problem::SHARE_VIEW_REQUIRED, &problem::SHARE_EXPIRED, &problem::SHARE_GONE, &problem::SHARE_REVOKED];

/// What proves that a link was opened.
pub const SHARE_VIEW: RequestHeader = RequestHeader {
    name: "Share-View",
    required: true,
    description: "The `view` that opening the link gave, 24 hours ago at most: what it leads to is read on with it, without a \
                  password and without counting as another view.",
    example: "0000000069204a70a3f1c2d4e5b6978812345678901234567890123456789012345678901234abcd",
};

/// Goes on as a reader of the link with this token, who has opened it before.
#[must_use]
pub fn resume_share(token: &Sha256, view: Option<&[u8]>) -> Sql {
    let view = view.and_then(|view| std::str::from_utf8(view).ok()).map(str::to_owned);
    sql("select auth.resume_share($1, $2)").bind(token.0.to_vec()).bind(view)
}

/// A chat, as whoever has a link to it sees it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct SharedChat {
    /// Identifier.
    pub id: Uuid,
    /// What it is about.
    pub title: Option<String>,
    /// How many messages it has; null where the link stops at one of them.
    pub message_count: Option<i64>,
    /// When it was begun.
    pub created_at: Timestamp,
}

from_json_column!(SharedChat);

/// An artifact, as whoever has a link to it sees it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct SharedArtifact {
    /// Identifier.
    pub id: Uuid,
    /// What it is called.
    pub title: String,
    /// What it is, in a few words.
    pub description: Option<String>,
    /// What kind of thing it is: code, image, model, and so on.
    pub r#type: String,
    /// The tool that made it.
    pub tool_name: Option<String>,
    /// Whatever the client keeps with it.
    #[schemars(with = "Object")]
    pub metadata: Value,
    /// Its pictures.
    pub media: Media,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

from_json_column!(SharedArtifact);

/// What a link leads to, but for messages and files.
#[derive(Debug)]
pub struct SharedThing {
    /// Chat or artifact.
    pub kind: String,
    /// Whether what is added later is shown.
    pub is_live: bool,
    /// From when on the link cannot be opened.
    pub expires_at: Option<Timestamp>,
    /// Whose it is.
    pub owner: Owner,
    /// The chat.
    pub chat: Option<SharedChat>,
    /// The artifact.
    pub artifact: Option<SharedArtifact>,
}

from_row!(SharedThing { kind, is_live, expires_at, owner, chat, artifact });

impl SharedThing {
    /// Makes the URLs of its pictures.
    pub fn sign(&mut self, bucket: &Bucket) -> Result<(), Problem> {
        self.owner.sign(bucket)?;
        self.artifact.iter_mut().try_for_each(|artifact| artifact.media.sign(bucket))
    }
}

/// Reads [`SharedThing`].
#[must_use]
pub fn select_shared() -> Sql {
    sql(format!(
        "
        select
            shares.kind, num_nulls(shares.through_message_id, shares.version_index) = 2 as is_live, shares.expires_at,
            {OWNER} as owner,
            case when chats.id is not null then json_build_object(
                'id', chats.id,
                'title', chats.title,
                'message_count', case when shares.through_message_id is null then (
                    select coalesce(sum(chat_counts.messages), 0) from chat_counts where chat_counts.chat_id = chats.id
                ) end,
                'created_at', chats.created_at
            ) end as chat,
            case when artifacts.id is not null then json_build_object(
                'id', artifacts.id,
                'title', artifacts.title,
                'description', artifacts.description,
                'type', artifacts.type,
                'tool_name', artifacts.tool_name,
                'metadata', artifacts.metadata,
                'media', {MEDIA},
                'created_at', artifacts.created_at,
                'updated_at', artifacts.updated_at
            ) end as artifact
        from shares
        join profiles on profiles.user_id = shares.user_id
        {OWNER_JOINS}
        left join chats on chats.id = shares.chat_id
        left join artifacts on artifacts.id = shares.artifact_id
        {MEDIA_JOINS}
        where shares.id = auth.share_id()
    "
    ))
}

/// A page of the messages of the chat that is shared, oldest first.
#[must_use]
pub fn select_shared_messages(cursor: Option<Cursor>, limit: Limit) -> Sql {
    let of_share = |column: &str| format!("(select {column} from shares where shares.id = auth.share_id())");
    let condition = format!(
        "messages.user_id = auth.uid()
         and messages.chat_id = {}
         and (messages.created_at, messages.id) <= ({}, {})",
        of_share("shares.chat_id"),
        of_share("coalesce(shares.through_created_at, 'infinity')"),
        of_share("coalesce(shares.through_message_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')"),
    );
    sql(select_page(&condition, cursor, "asc", "$1"))
        .bind(limit.and_one())
        .bind(cursor.map(|cursor| cursor.created_at))
        .bind(cursor.map(|cursor| cursor.id))
}

/// Reads what [`select_shared_messages`] found. Whoever follows a chat that is shared live can go on from its end.
pub fn read_shared_messages(
    rows: &[Row],
    is_live: bool,
    cursor: Option<Cursor>,
    limit: Limit,
    bucket: &Bucket,
) -> Result<Page<Message>, Problem> {
    let mut messages: Vec<Message> = read_all(rows)?;
    for message in &mut messages {
        message.sign(bucket)?;
        // The sender's own, and what only the owner can read.
        message.client_id = None;
        message.has_artifact = false;
    }
    let mut page = Page::new(messages, limit);
    if is_live {
        page.next_cursor = page.items.last().map(Keyset::cursor).or(cursor).or(Some(Cursor::OLDEST));
    }
    Ok(page)
}

const ARTIFACT_ID: &str = "(select shares.artifact_id from shares where shares.id = auth.share_id())";

const VERSION_INDEX: &str = "
    (select coalesce(shares.version_index, artifacts.versions_count)
     from shares
     join artifacts on artifacts.id = shares.artifact_id
     where shares.id = auth.share_id())
";

/// The version that is shared, without what its owner alone may see: where it came from, what it cost, and the conversation
/// that led to it, unless its artifact shows that.
#[must_use]
pub fn select_shared_version() -> Sql {
    sql("
        select
            versions.id, versions.artifact_id, versions.version_index, versions.parent_version_id, versions.summary,
            versions.label, versions.code_language, null::text as session_id,
            null::float8 as credits_used_estimate, versions.stats,
            (
                select coalesce(jsonb_object_agg(key, value), '{}')
                from jsonb_each(versions.version_metadata)
                where key in ('title', 'type', 'tool_name')
            ) as version_metadata,
            versions.files_count, versions.size, versions.additions, versions.deletions, versions.created_at,
            artifacts.revision as artifact_revision, case when artifacts.chat_history_public then chats.chat end as chat
        from shares
        join artifacts on artifacts.id = shares.artifact_id
        join artifact_versions versions on versions.artifact_id = artifacts.id
            and versions.version_index = coalesce(shares.version_index, artifacts.versions_count)
        left join artifact_version_chats chats on chats.version_id = versions.id
        where shares.id = auth.share_id()
    ")
}

/// The files of that version.
#[must_use]
pub fn select_shared_files() -> Sql {
    sql(select_all_file_rows(ARTIFACT_ID, VERSION_INDEX))
}

/// One of them.
#[must_use]
pub fn select_shared_file(path: FilePath) -> Sql {
    sql(select_one_file_row(ARTIFACT_ID, VERSION_INDEX, "files.path = $1")).bind(path.into_string())
}

/// Reads what [`select_shared_version`] and [`select_shared_files`] found, if there is a version.
pub fn read_shared_version(version: &[Row], files: &[Row], bucket: &Bucket) -> Result<Option<Version>, Problem> {
    if version.is_empty() { Ok(None) } else { read_version(version, files, bucket).map(Some) }
}
