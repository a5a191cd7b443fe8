//! PUT /v1/admin/retention: say how long what is kept, as a superuser.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Sql,
    context::read_one,
    model::{
        accounts::{Id, select_superuser},
        retention::{Retention, RetentionAction, select_retention, set_interval_style},
    },
    sql,
    text::{Interval, Text},
};

/// Says how long what is kept. For everyone but superusers there is nothing here.
pub struct PutRetention;

/// Every policy.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "items": [{"name": "sessions", "action": "delete", "keep": "P30D", "is_enabled": true}]
}))]
pub struct NewRetention {
    /// The policies, all of them, each once.
    items: Policies,
}

/// At most 100 policies, each with its own name.
#[derive(JsonSchema)]
#[schemars(inline)]
struct Policies(#[schemars(length(max = 100))] Vec<NewRetentionPolicy>);

impl<'de> Deserialize<'de> for Policies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let policies = Vec::<NewRetentionPolicy>::deserialize(deserializer)?;
        let names: HashSet<&str> = policies.iter().map(|policy| policy.name.as_str()).collect();
        if names.len() < policies.len() || policies.len() > 100 {
            return Err(de::Error::custom("must have each policy once"));
        }
        Ok(Self(policies))
    }
}

/// How long one kind of thing is kept.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRetentionPolicy {
    /// What it is about.
    name: Text<1, 100>,
    /// What happens to what is older.
    action: RetentionAction,
    /// How long it is kept.
    keep: Interval,
    /// Whether anything happens at all.
    is_enabled: bool,
}

impl Endpoint for PutRetention {
    const ROUTE: Route = Route::put("/v1/admin/retention", "Say how long what is kept; for superusers").if_match();
    type Path = Nothing;
    type Query = Nothing;
    type Body = NewRetention;
    type Reply = Json<Retention>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let policies = serde_json::to_value(&input.body.items.0).map_err(Problem::internal)?;
        // Whoever comes second waits here, and then sees what the first did.
        let lock = sql("select name from retention_policies where auth.is_superuser() order by name for update");
        let check = check(input.if_match).bind(policies.clone());
        let update = sql("
            update retention_policies set action = new.action, keep = new.keep, is_enabled = new.is_enabled
            from jsonb_to_recordset($1) as new (name text, action text, keep interval, is_enabled boolean)
            where retention_policies.name = new.name
              and (retention_policies.action, retention_policies.keep, retention_policies.is_enabled)
                  is distinct from (new.action, new.keep, new.is_enabled)
        ")
        .bind(policies);
        let [superuser, _, _, _, _, policies] =
            context.fly([select_superuser(), lock, check, update, set_interval_style(), select_retention()]).await?;
        read_one::<Id>(&superuser)?;
        Ok(Json(Retention::read(&policies)?))
    }
}

/// Refuses what is stale, names a policy that there is not, or leaves one out.
fn check(if_match: Option<i64>) -> Sql {
    sql("
        select
            if_match((select sum(revision)::bigint from retention_policies), $1),
            (
                select count(refuse('invalid', '/items/' || (new.position - 1) || '/name'))
                from jsonb_array_elements($2) with ordinality as new (policy, position)
                where not exists (select from retention_policies where name = new.policy ->> 'name')
            ),
            (
                select count(refuse('invalid', '/items'))
                where jsonb_array_length($2) < (select count(*) from retention_policies)
            )
        where auth.is_superuser()
    ")
    .bind(if_match)
}
