//! GET /v1/shared/{token}: open a link.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    Access, Context, Endpoint, Input, Json, Nothing, Page, Problem, RequestHeader, Resource, Route, Storage,
    context::read_one,
    from_row,
    identity::{Verdict, verify_password},
    model::{
        messages::Message,
        profiles::Owner,
        shares::{
            ShareKind, SharedArtifact, SharedChat, SharedThing, read_shared_messages, read_shared_version,
            select_shared, select_shared_files, select_shared_messages, select_shared_version,
        },
        versions::Version,
    },
    page::Limit,
    problem, sql,
    text::{Sha256, Text},
};

/// Opens a link, which counts as a view.
pub struct OpenShare;

/// The link.
#[derive(Deserialize, JsonSchema)]
pub struct TokenPath {
    /// The link's token.
    pub token: Text<1, 200>,
}

/// How much to read at once.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenQuery {
    /// Messages to read at most.
    #[serde(default)]
    limit: Limit,
}

/// What a link leads to.
#[derive(Serialize, JsonSchema)]
pub struct OpenedShare {
    /// What it leads to.
    #[schemars(with = "ShareKind")]
    kind: String,
    /// Whether it shows what is added later.
    is_live: bool,
    /// From when on the link cannot be opened; null for never.
    expires_at: Option<Timestamp>,
    /// Send it as `Share-View` to read on, for 24 hours at least.
    view: String,
    /// Whose it is.
    owner: Owner,
    /// The chat; null where it is an artifact.
    chat: Option<SharedChat>,
    /// The chat's first messages, oldest first; null where it is an artifact. `GET /v1/shared/{token}/messages` goes on at
    /// `next_cursor`, which is never null where `is_live`: it is where to look for more later.
    messages: Option<Page<Message>>,
    /// The artifact; null where it is a chat.
    artifact: Option<SharedArtifact>,
    /// The version of the artifact with its files; null where it is a chat, or nothing is published yet.
    version: Option<Version>,
}

impl Resource for OpenedShare {}

const PASSWORD: RequestHeader = RequestHeader {
    name: "Share-Password",
    required: false,
    description: "The password of a link that has one, as UTF-8, percent-encoded as by `encodeURIComponent`.",
    example: "correct%20horse%20battery",
};

struct Attempt {
    password_hash: Option<String>,
    retry_after: Option<i32>,
}

from_row!(Attempt { password_hash, retry_after });

struct View {
    view: String,
}

from_row!(View { view });

impl Endpoint for OpenShare {
    const ROUTE: Route = Route::get("/v1/shared/{token}", "Open a link; this counts as a view")
        .access(Access::Anyone)
        .storage(Storage::Read)
        .memory(512)
        .headers(&[PASSWORD])
        .problems(&[
            &problem::SHARE_PASSWORD_REQUIRED,
            &problem::SHARE_PASSWORD_WRONG,
            &problem::SHARE_EXPIRED,
            &problem::SHARE_GONE,
            &problem::SHARE_REVOKED,
            &problem::SHARE_SPENT,
            &problem::SHARE_LOCKED,
        ]);
    type Path = TokenPath;
    type Query = OpenQuery;
    type Body = Nothing;
    type Reply = Json<OpenedShare>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let token = Sha256::of(input.path.token.as_str().as_bytes());
        let password_hash = match input.decoded_header(&PASSWORD)? {
            Some(password) => verify(&token, password, context).await?,
            None => None,
        };
        let limit = input.query.limit;
        let open = sql("select auth.open_share($1, $2) as view").bind(token.0.to_vec()).bind(password_hash);
        let messages = select_shared_messages(None, limit);
        let [view, thing, messages, version, files] = context
            .fly([open, select_shared(), messages, select_shared_version(), select_shared_files()])
            .await?;
        let View { view } = read_one(&view)?;
        let mut thing: SharedThing = read_one(&thing)?;
        let bucket = context.bucket()?;
        thing.sign(bucket)?;
        let SharedThing { kind, is_live, expires_at, owner, chat, artifact } = thing;
        let messages = chat.is_some().then(|| read_shared_messages(&messages, is_live, None, limit, bucket));
        let (messages, version) = (messages.transpose()?, read_shared_version(&version, &files, bucket)?);
        Ok(Json(OpenedShare { kind, is_live, expires_at, view, owner, chat, messages, artifact, version }))
    }
}

/// The hash that a password was found to fit; none where the link has no password.
///
/// Its own flight, made only where a password is sent: the hash must come here to be checked, as Argon2 must not run inside of
/// the database, and until then nothing may be read or counted as viewed. The attempt is counted before it is made.
async fn verify(token: &Sha256, password: String, context: &mut Context) -> Result<Option<String>, Problem> {
    let attempt = sql("select password_hash, retry_after from auth.try_share_password($1)").bind(token.0.to_vec());
    let Some(Attempt { password_hash, retry_after }) = context.list(attempt).await?.pop() else { return Ok(None) };
    if let Some(seconds) = retry_after {
        return Err(Problem::new(&problem::SHARE_LOCKED, problem::SHARE_LOCKED.title).retry_after(seconds));
    }
    match verify_password(password, password_hash.clone()).await? {
        Verdict::Wrong => Err(Problem::new(&problem::SHARE_PASSWORD_WRONG, problem::SHARE_PASSWORD_WRONG.title)),
        Verdict::Right | Verdict::RightButForeign => Ok(password_hash),
    }
}
