//! POST /v1/shares: share a chat or an artifact by link.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de};
use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Resource, Route, Sql,
    context::read_one,
    identity::{Secret, hash_password},
    inline_schema,
    model::shares::{SHARE, Share},
    problem, sql,
    text::Text,
};
use uuid::Uuid;

/// Makes a link.
pub struct CreateShare;

/// What to share, and how.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "artifact_id": "0199f0c5-6f5e-7c3a-9d64-0f2a7f6f3a10", "version": 1, "expires_at": "2100-01-01T00:00:00Z",
    "max_views": 10
}))]
pub struct NewShare {
    /// One of the caller's chats; else `artifact_id`.
    #[serde(default)]
    chat_id: Option<Uuid>,
    /// The last message of the chat to show; left out: all, those still to come too.
    #[serde(default)]
    message_id: Option<Uuid>,
    /// One of the caller's artifacts, private ones too; else `chat_id`.
    #[serde(default)]
    artifact_id: Option<Uuid>,
    /// The index of the version of the artifact to show; left out: whichever is the newest.
    #[serde(default)]
    version: Option<i32>,
    /// From when on it cannot be opened; left out: never.
    #[serde(default)]
    expires_at: Option<Timestamp>,
    /// A password that it takes to open it.
    #[serde(default)]
    password: Option<Text<8, 256>>,
    /// How often it can be opened; left out: any number of times.
    #[serde(default)]
    max_views: Option<Views>,
}

/// A number of views: 1 to a million.
#[derive(Clone, Copy)]
pub struct Views(i32);

impl<'de> Deserialize<'de> for Views {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let views = i32::try_from(i64::deserialize(deserializer)?).ok().filter(|views| (1..=1_000_000).contains(views));
        views.map(Self).ok_or_else(|| de::Error::custom("must be 1 to 1000000"))
    }
}

inline_schema!(Views, {"type": "integer", "minimum": 1, "maximum": 1_000_000, "examples": [10]});

/// A new link, with the token that is shown this once.
#[derive(Serialize, JsonSchema)]
pub struct CreatedShare {
    /// The link.
    #[serde(flatten)]
    share: Share,
    /// Whoever has it can open the link. It is shown here once, and stored nowhere.
    token: String,
    /// Where the link is opened: `/v1/shared/` and the token.
    path: String,
}

impl Resource for CreatedShare {}

impl Endpoint for CreateShare {
    const ROUTE: Route = Route::post("/v1/shares", "Share a chat or an artifact by link")
        .memory(512)
        .problems(&[&problem::NOT_FOUND, &problem::INVALID_REFERENCE]);
    type Path = Nothing;
    type Query = Nothing;
    type Body = NewShare;
    type Reply = Created<CreatedShare>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let mut new = input.body;
        let insert = new.insert()?;
        let id = Uuid::now_v7();
        let token = Secret::draw("share_")?;
        let password_hash = match new.password.take() {
            Some(password) => Some(hash_password(password.into_string()).await?),
            None => None,
        };
        let insert = insert
            .bind(id)
            .bind(token.hash.0.to_vec())
            .bind(password_hash)
            .bind(new.max_views.map(|views| views.0))
            .bind(new.expires_at);
        let select = sql(format!("select {SHARE} where shares.id = $1 and shares.user_id = auth.uid()")).bind(id);
        let [_, share] = context.fly([insert, select]).await?;
        let path = format!("/v1/shared/{}", token.text);
        Ok(Created(CreatedShare { share: read_one(&share)?, token: token.text, path }))
    }
}

impl NewShare {
    /// The statement that stores it, if what is to be shared is the caller's; the first two parameters are bound.
    fn insert(&self) -> Result<Sql, Problem> {
        if self.expires_at.is_some_and(|time| time <= Timestamp::now()) {
            return Err(Problem::invalid("/expires_at", "must be in the future"));
        }
        match (self.chat_id, self.artifact_id) {
            (Some(_), None) if self.version.is_some() => Err(Problem::invalid("/version", "is of artifacts alone")),
            (None, Some(_)) if self.message_id.is_some() => Err(Problem::invalid("/message_id", "is of chats alone")),
            (Some(chat_id), None) => Ok(sql(INSERT_CHAT).bind(chat_id).bind(self.message_id)),
            (None, Some(artifact_id)) => Ok(sql(INSERT_ARTIFACT).bind(artifact_id).bind(self.version)),
            _ => Err(Problem::invalid("/chat_id", "must come without artifact_id, or be left out for it")),
        }
    }
}

const INSERT_CHAT: &str = "
    insert into shares (
        user_id, kind, chat_id, through_message_id, through_created_at, id, token_hash, password_hash, max_views, expires_at
    )
    select chats.user_id, 'chat', chats.id, messages.id, messages.created_at, $3, $4, $5, $6, $7
    from chats
    left join messages on messages.id = $2 and messages.chat_id = chats.id and messages.user_id = auth.uid()
    where chats.id = $1
      and chats.user_id = auth.uid()
      and ($2::uuid is null or messages.id is not null or refuse('invalid_reference', '/message_id'))
";

const INSERT_ARTIFACT: &str = "
    insert into shares (
        user_id, kind, artifact_id, version_index, id, token_hash, password_hash, max_views, expires_at
    )
    select artifacts.owner_user_id, 'artifact', artifacts.id, versions.version_index, $3, $4, $5, $6, $7
    from artifacts
    left join artifact_versions versions on versions.artifact_id = artifacts.id and versions.version_index = $2
    where artifacts.id = $1
      and artifacts.owner_user_id = auth.uid()
      and artifacts.deleted_at is null
      and ($2::integer is null or versions.id is not null or refuse('invalid_reference', '/version'))
";
