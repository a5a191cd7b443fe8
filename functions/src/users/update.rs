//! PATCH /v1/users/me: change the caller's account.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route,
    context::read_one,
    model::accounts::{User, select_me},
    problem, sql,
    text::{Change, Email, Maybe, Object, Text},
};

/// Changes the caller's account.
pub struct UpdateUser;

/// What to change; fields that are left out stay as they are, null clears.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"given_name": "Ada", "preferences": {"theme": "dark"}}))]
pub struct UserChanges {
    /// Address to sign in with.
    #[serde(default)]
    email: Maybe<Email>,
    /// Full name.
    #[serde(default)]
    name: Change<Text<1, 200>>,
    /// Given name.
    #[serde(default)]
    given_name: Change<Text<1, 100>>,
    /// Family name.
    #[serde(default)]
    family_name: Change<Text<1, 100>>,
    /// Whatever the client keeps for this user; replaces what was there.
    #[serde(default)]
    preferences: Maybe<Object>,
}

impl Endpoint for UpdateUser {
    const ROUTE: Route =
        Route::patch("/v1/users/me", "Change the caller's account").if_match().problems(&[&problem::EMAIL_TAKEN]);
    type Path = Nothing;
    type Query = Nothing;
    type Body = UserChanges;
    type Reply = Json<User>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let changes = input.body;
        let (set_name, name) = changes.name.into_parts(Text::into_string);
        let (set_given_name, given_name) = changes.given_name.into_parts(Text::into_string);
        let (set_family_name, family_name) = changes.family_name.into_parts(Text::into_string);
        let update = sql("
            update users set
                email = coalesce($2, email),
                name = case when $3 then $4 else name end,
                given_name = case when $5 then $6 else given_name end,
                family_name = case when $7 then $8 else family_name end,
                preferences = coalesce($9, preferences)
            where id = auth.uid() and if_match(revision, $1)
        ")
        .bind(input.if_match)
        .bind(changes.email.0.map(Email::into_string))
        .bind(set_name)
        .bind(name)
        .bind(set_given_name)
        .bind(given_name)
        .bind(set_family_name)
        .bind(family_name)
        .bind(changes.preferences.0.map(Object::into_value));
        let [_, user] = context.fly([update, select_me()]).await?;
        Ok(Json(read_one(&user)?))
    }
}
