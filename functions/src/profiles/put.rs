//! PUT /v1/profiles/me: write the caller's profile.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Storage,
    context::read_one,
    model::profiles::{PrivateField, Profile, select_own_profile},
    problem, sql,
    text::{Handle, Text},
};

/// Writes the caller's profile.
pub struct PutProfile;

/// All of a profile but its avatar; what is left out is cleared.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"handle": "ada", "display_name": "Ada", "bio": "I make clocks."}))]
pub struct NewProfile {
    /// Public name in URLs. One that is given up stays its user's for 90 days: nobody else can take it meanwhile.
    handle: Handle,
    /// Name to show.
    #[serde(default)]
    display_name: Option<Text<1, 200>>,
    /// About the user, in their own words.
    #[serde(default)]
    bio: Option<Text<1, 2000>>,
    /// Years.
    #[serde(default)]
    age: Option<Age>,
    /// As the user calls it.
    #[serde(default)]
    gender: Option<Text<1, 50>>,
    /// City.
    #[serde(default)]
    city: Option<Text<1, 100>>,
    /// Country.
    #[serde(default)]
    country: Option<Text<1, 100>>,
    /// Which of age, gender, city and country everyone may see.
    #[serde(default)]
    visible_fields: BTreeSet<PrivateField>,
}

/// Years, 0 to 150.
#[derive(JsonSchema)]
#[schemars(inline)]
pub struct Age(#[schemars(range(min = 0, max = 150))] i32);

impl<'de> Deserialize<'de> for Age {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let age = i32::deserialize(deserializer)?;
        if (0..=150).contains(&age) { Ok(Self(age)) } else { Err(serde::de::Error::custom("must be 0 to 150")) }
    }
}

impl Endpoint for PutProfile {
    const ROUTE: Route = Route::put("/v1/profiles/me", "Write the caller's profile")
        .storage(Storage::Read)
        .if_match()
        .problems(&[&problem::HANDLE_TAKEN]);
    type Path = Nothing;
    type Query = Nothing;
    type Body = NewProfile;
    type Reply = Json<Profile>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let new = input.body;
        let update = sql("
            update profiles set
                handle = $2, display_name = $3, bio = $4, age = $5, gender = $6, city = $7, country = $8,
                visible_fields = $9
            where user_id = auth.uid() and if_match(revision, $1)
        ")
        .bind(input.if_match)
        .bind(new.handle.into_string())
        .bind(new.display_name.map(Text::into_string))
        .bind(new.bio.map(Text::into_string))
        .bind(new.age.map(|age| age.0))
        .bind(new.gender.map(Text::into_string))
        .bind(new.city.map(Text::into_string))
        .bind(new.country.map(Text::into_string))
        .bind(new.visible_fields.into_iter().map(|field| field.as_str().to_owned()).collect::<Vec<_>>());
        let select = select_own_profile();
        let [_, profile] = context.fly([update, select]).await?;
        let mut profile: Profile = read_one(&profile)?;
        profile.sign(context.bucket()?)?;
        Ok(Json(profile))
    }
}
