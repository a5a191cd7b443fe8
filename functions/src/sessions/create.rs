//! POST /v1/sessions: sign in with a password.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Access, Context, Created, Endpoint, Input, Nothing, Problem, Route,
    context::read_one,
    from_row,
    identity::{Token, Verdict, hash_password, verify_password},
    model::accounts::{Id, SignedIn, select_me, select_session_id},
    problem, sql,
    text::Text,
};
use uuid::Uuid;

/// Signs in.
pub struct CreateSession;

/// Who signs in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"email": "ada@example.com", "password": "correct horse battery"}))]
pub struct Credentials {
    /// The account's address, in any case.
    email: Text<1, 254>,
    /// Its password.
    password: Text<0, 256>,
}

struct PasswordHash {
    user_id: Uuid,
    password_hash: String,
}

from_row!(PasswordHash { user_id, password_hash });

impl Endpoint for CreateSession {
    const ROUTE: Route = Route::post("/v1/sessions", "Sign in with a password")
        .access(Access::Anyone)
        .memory(512)
        .problems(&[&problem::WRONG_CREDENTIALS]);
    type Path = Nothing;
    type Query = Nothing;
    type Body = Credentials;
    type Reply = Created<SignedIn>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let Credentials { email, password } = input.body;
        let find = sql("select user_id, password_hash from auth.password_hash($1)").bind(email.into_string());
        let known: Option<PasswordHash> = context.list(find).await?.pop();
        let (user_id, hash) = known.map(|known| (known.user_id, known.password_hash)).unzip();
        let password = password.into_string();
        let new_hash = match verify_password(password.clone(), hash.clone()).await? {
            Verdict::Wrong => return Err(Problem::new(&problem::WRONG_CREDENTIALS, problem::WRONG_CREDENTIALS.title)),
            Verdict::Right => None,
            Verdict::RightButForeign => Some(hash_password(password).await?),
        };
        let token = Token::new()?;
        let sign_in = sql("select auth.sign_in($1, $2, $3, $4, $5, $6)")
            .bind(user_id)
            .bind(hash.clone())
            .bind(token.hash.0.to_vec())
            .bind(token.expires_at)
            .bind(context.client.ip_address)
            .bind(context.user_agent.clone());
        let rehash =
            sql("select auth.rehash($1, $2, $3) where $3::text is not null").bind(user_id).bind(hash).bind(new_hash);
        // A second flight: the hash had to come here to be checked, as Argon2 must not run inside the database.
        let [_, _, user, session] = context.fly([sign_in, rehash, select_me(), select_session_id()]).await?;
        let session: Id = read_one(&session)?;
        Ok(Created(SignedIn::new(read_one(&user)?, session.id, token)))
    }
}
