//! POST /v1/users: register.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Access, Context, Created, Endpoint, Input, Nothing, Problem, Route,
    context::read_one,
    identity::{Token, hash_password},
    model::accounts::{Id, SignedIn, select_me, select_session_id},
    problem, sql,
    text::{Email, Handle, Text},
};
use uuid::Uuid;

/// Registers an account.
pub struct CreateUser;

/// A new account.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"email": "ada@example.com", "password": "correct horse battery", "handle": "ada"}))]
pub struct NewUser {
    /// Address to sign in with, unique whatever its case.
    email: Email,
    /// Password.
    password: Text<8, 256>,
    /// Full name, shown on the profile too.
    #[serde(default)]
    name: Option<Text<1, 200>>,
    /// Public name; one is made up where it is left out.
    #[serde(default)]
    handle: Option<Handle>,
}

impl Endpoint for CreateUser {
    const ROUTE: Route = Route::post("/v1/users", "Register an account, and sign in")
        .access(Access::Anyone)
        .memory(512)
        .problems(&[&problem::EMAIL_TAKEN, &problem::HANDLE_TAKEN]);
    type Path = Nothing;
    type Query = Nothing;
    type Body = NewUser;
    type Reply = Created<SignedIn>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let NewUser { email, password, name, handle } = input.body;
        let password_hash = hash_password(password.into_string()).await?;
        let token = Token::new()?;
        let name = name.map(Text::into_string);
        let handle = handle.map_or_else(made_up_handle, Handle::into_string);
        let register = sql("select auth.register($1, $2, $3, $4, $3, $5, $6, $7, $8)")
            .bind(email.into_string())
            .bind(password_hash)
            .bind(name)
            .bind(handle)
            .bind(token.hash.0.to_vec())
            .bind(token.expires_at)
            .bind(context.client.ip_address)
            .bind(context.user_agent.clone());
        let [_, user, session] = context.fly([register, select_me(), select_session_id()]).await?;
        let session: Id = read_one(&session)?;
        Ok(Created(SignedIn::new(read_one(&user)?, session.id, token)))
    }
}

fn made_up_handle() -> String {
    format!("maker-{}", &Uuid::new_v4().simple().to_string()[..12])
}
