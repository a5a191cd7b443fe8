//! PUT /v1/drive/connection: let Atelier write to one's Google Drive.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Sql,
    context::read_one,
    drive::{Drive, Failure, Grant, is_enough},
    model::{
        accounts::Id,
        drive::{Connection, lock_jobs, select_connection},
    },
    problem,
    seal::Sealed,
    sql,
    text::{Text, WebAddress},
};

/// Connects Google Drive, or connects it anew: what waited for consent goes on.
pub struct ConnectDrive;

/// What Google gave the page that asked for consent: a code, or else a refresh token.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "code": "4/0AeanS0a-example", "redirect_uri": "https://app.example.com/drive", "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
}))]
pub struct NewConnection {
    /// The authorization code, asked for with `access_type=offline`, `prompt=consent` and the scope `drive.file`.
    #[serde(default)]
    code: Option<Text<1, 2048>>,
    /// With a code: the redirect URI that it was asked for with, or `postmessage`.
    #[serde(default)]
    redirect_uri: Option<RedirectUri>,
    /// With a code that was asked for with PKCE (RFC 7636): the verifier.
    #[serde(default)]
    code_verifier: Option<Text<43, 128>>,
    /// Instead of a code: a refresh token of this service's OAuth client.
    #[serde(default)]
    refresh_token: Option<Text<1, 2048>>,
}

/// Where Google sent the user back to, or `postmessage`, as its script for browsers calls it.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum RedirectUri {
    /// A page.
    Page(WebAddress),
    /// The script.
    Script(Postmessage),
}

/// The word.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Postmessage {
    /// Itself.
    Postmessage,
}

impl Endpoint for ConnectDrive {
    const ROUTE: Route = Route::put("/v1/drive/connection", "Let Atelier write to the caller's Google Drive")
        .drive()
        .timeout(20)
        .problems(&[&problem::DRIVE_NOT_CONFIGURED]);
    type Path = Nothing;
    type Query = Nothing;
    type Body = NewConnection;
    type Reply = Json<Connection>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let new = input.body.check()?;
        // A flight before: Google is asked only for someone we know, and a token is sealed for them alone.
        let user: Id = context.one(sql("select auth.uid() as id")).await?;
        let drive = context.drive()?;
        let (grant, pointer) = new.ask(drive).await?;
        let token = grant.refresh_token.ok_or_else(|| {
            Problem::invalid(pointer, "came without a refresh token: ask with access_type=offline and prompt=consent")
        })?;
        if !is_enough(&grant.scope) {
            return Err(Problem::invalid(pointer, "does not permit drive.file: ask for that scope"));
        }
        let sealed = drive.seal_token(user.id, &token)?;
        let statements =
            [lock_jobs(), upsert(sealed, grant.scope), keep_consent(), resume(), queue_sync(), select_connection()];
        let [.., connection] = context.fly(statements).await?;
        Ok(Json(read_one(&connection)?))
    }
}

/// What can be asked Google about.
enum Consent {
    Code { code: String, redirect_uri: String, code_verifier: Option<String> },
    Token(String),
}

impl NewConnection {
    fn check(self) -> Result<Consent, Problem> {
        match (self.code, self.redirect_uri, self.refresh_token) {
            (Some(code), Some(redirect_uri), None) => Ok(Consent::Code {
                code: code.into_string(),
                redirect_uri: match redirect_uri {
                    RedirectUri::Page(page) => page.into_string(),
                    RedirectUri::Script(Postmessage::Postmessage) => "postmessage".to_owned(),
                },
                code_verifier: self.code_verifier.map(Text::into_string),
            }),
            (Some(_), None, None) => Err(Problem::invalid("/redirect_uri", "must come with a code")),
            (None, None, Some(token)) if self.code_verifier.is_none() => Ok(Consent::Token(token.into_string())),
            _ => Err(Problem::invalid("/code", "must come with redirect_uri, or else refresh_token alone")),
        }
    }
}

impl Consent {
    /// Google's answer, and which field it is about.
    async fn ask(self, drive: &Drive) -> Result<(Grant, &'static str), Problem> {
        let (granted, pointer) = match self {
            Self::Code { code, redirect_uri, code_verifier } => {
                (drive.exchange(&code, &redirect_uri, code_verifier.as_deref()).await, "/code")
            }
            Self::Token(token) => {
                let granted = drive.try_refresh(&token).await;
                // Google gives no new one where the old one stays good.
                let kept = |grant: Grant| Grant { refresh_token: grant.refresh_token.or(Some(token)), ..grant };
                (granted.map(kept), "/refresh_token")
            }
        };
        match granted {
            Ok(grant) => Ok((grant, pointer)),
            Err(Failure::NoConsent(_) | Failure::Refused(_)) => {
                Err(Problem::invalid(pointer, "is not taken by Google: ask for consent anew"))
            }
            Err(failure @ Failure::Misconfigured(_)) => Err(Problem::internal(anyhow::anyhow!("{failure}"))),
            Err(failure) => Err(Problem::unavailable(anyhow::anyhow!("{failure}"))),
        }
    }
}

/// Where changes were read to means nothing to another account.
fn upsert(token: Sealed, scope: String) -> Sql {
    sql("
        insert into drive_connections (user_id, token, key_id, scope) values (auth.uid(), $1, $2, $3)
        on conflict (user_id) do update set
            state = 'connected', token = $1, key_id = $2, scope = $3, account_email = null, page_token = null
    ")
    .bind(token.bytes)
    .bind(token.key_id)
    .bind(scope)
}

/// To revoke an older token of the same account would take the new one along.
fn keep_consent() -> Sql {
    sql("delete from jobs where user_id = auth.uid() and kind = 'drive_revoke'")
}

fn resume() -> Sql {
    sql("
        update jobs set state = 'queued', attempts = 0, run_at = now()
        where user_id = auth.uid() and kind <> 'drive_sync' and state = 'waiting'
    ")
}

fn queue_sync() -> Sql {
    sql("
        insert into jobs (user_id, kind) values (auth.uid(), 'drive_sync')
        on conflict (user_id) where kind = 'drive_sync' do update set state = 'queued', attempts = 0, run_at = now()
    ")
}
