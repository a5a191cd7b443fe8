//! PATCH /v1/users/{id}: open or close an account, or give or take the right to administer, as a superuser.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route,
    context::read_one,
    model::accounts::{USER, User},
    problem, sql,
    text::Maybe,
};
use uuid::Uuid;

/// Administers an account. Superusers do not lock themselves out; for everyone else there is nothing here.
pub struct AdministerUser;

/// The account.
#[derive(Deserialize, JsonSchema)]
pub struct UserPath {
    /// The account.
    id: Uuid,
}

/// What to change; fields that are left out stay as they are.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"is_active": false}))]
pub struct Administration {
    /// Whether the account can be used; its sessions end at once where not.
    #[serde(default)]
    is_active: Maybe<bool>,
    /// Whether it may do what superusers do.
    #[serde(default)]
    is_superuser: Maybe<bool>,
}

impl Endpoint for AdministerUser {
    const ROUTE: Route =
        Route::patch("/v1/users/{id}", "Open or close an account, or make it a superuser; for superusers")
            .problems(&[&problem::CONFLICT]);
    type Path = UserPath;
    type Query = Nothing;
    type Body = Administration;
    type Reply = Json<User>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = input.path.id;
        let administer = sql("select auth.administer($1, $2, $3)")
            .bind(id)
            .bind(input.body.is_active.0)
            .bind(input.body.is_superuser.0);
        let select = sql(format!("select {USER} where users.id = $1")).bind(id);
        let [_, user] = context.fly([administer, select]).await?;
        Ok(Json(read_one(&user)?))
    }
}
