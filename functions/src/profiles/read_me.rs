//! GET /v1/profiles/me: the caller's profile.

use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Storage,
    model::profiles::{Profile, select_own_profile},
};

/// Reads the caller's profile.
pub struct ReadOwnProfile;

impl Endpoint for ReadOwnProfile {
    // Beside PUT /v1/profiles/me: some routers, once a literal path fits, look no further for the method.
    const ROUTE: Route = Route::get("/v1/profiles/me", "Read the caller's profile").storage(Storage::Read);
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Profile>;

    async fn handle(_: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let mut profile: Profile = context.one(select_own_profile()).await?;
        profile.sign(context.bucket()?)?;
        Ok(Json(profile))
    }
}
