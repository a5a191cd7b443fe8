//! GET /v1/profiles/{handle}: a profile.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Access, Context, Endpoint, Input, Json, Nothing, Problem, Route, Storage,
    model::profiles::{PROFILE, Profile},
    sql,
    text::Text,
};

/// Reads a profile.
pub struct ReadProfile;

/// Whose profile.
#[derive(Deserialize, JsonSchema)]
pub struct ProfilePath {
    /// Public name, in any case.
    pub handle: Text<1, 64>,
}

impl Endpoint for ReadProfile {
    const ROUTE: Route =
        Route::get("/v1/profiles/{handle}", "Read a profile").access(Access::Optional).storage(Storage::Read);
    type Path = ProfilePath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Profile>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let handle = input.path.handle.into_string().to_ascii_lowercase();
        let select = sql(format!("select {PROFILE} where profiles.handle = $1")).bind(handle);
        let mut profile: Profile = context.one(select).await?;
        profile.sign(context.bucket()?)?;
        Ok(Json(profile))
    }
}
