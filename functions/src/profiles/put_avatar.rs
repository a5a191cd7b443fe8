//! PUT /v1/profiles/me/avatar: show an uploaded picture on the caller's profile.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Storage,
    context::read_one,
    model::{
        accounts::Id,
        profiles::{Profile, select_own_profile},
    },
    problem, sql,
};
use uuid::Uuid;

/// Shows an uploaded picture.
pub struct PutAvatar;

/// The picture.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"upload": "0199f0c5-6f5e-7c3a-9d64-0f2a7f6f3a10"}))]
pub struct NewAvatar {
    /// A completed upload of the caller's, declared for avatar.
    upload: Uuid,
}

impl Endpoint for PutAvatar {
    const ROUTE: Route = Route::put("/v1/profiles/me/avatar", "Show an uploaded picture on the caller's profile")
        .storage(Storage::Read)
        .problems(&[&problem::INVALID_REFERENCE]);
    type Path = Nothing;
    type Query = Nothing;
    type Body = NewAvatar;
    type Reply = Json<Profile>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let update = sql("
            update profiles set avatar_blob_id = uploads.blob_id
            from uploads
            where profiles.user_id = auth.uid()
              and uploads.id = $1
              and uploads.user_id = auth.uid()
              and uploads.purpose = 'avatar'
              and uploads.state = 'ready'
            returning profiles.user_id as id
        ")
        .bind(input.body.upload);
        let select = select_own_profile();
        let [updated, profile] = context.fly([update, select]).await?;
        if read_one::<Id>(&updated).is_err() {
            return Err(Problem::new(
                &problem::INVALID_REFERENCE,
                "There is no such upload, or it is not ready for this.",
            )
            .at("/upload", "must be a completed upload of yours, declared for avatar"));
        }
        let mut profile: Profile = read_one(&profile)?;
        profile.sign(context.bucket()?)?;
        Ok(Json(profile))
    }
}
