//! POST /v1/tools/usage: record uses of tools.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Value, json};
use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Resource, Route, Sql,
    context::read_all,
    model::{
        artifacts::VISIBLE,
        tools::{Milliseconds, Parameters, ToolUse},
    },
    problem, sql,
    text::Text,
};
use uuid::Uuid;

/// Records one use of a tool, or up to 500.
pub struct RecordToolUse;

/// How a use ended.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolStatus {
    /// Well.
    Success,
    /// Not well.
    Failure,
}

/// A use of a tool.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToolUse {
    /// The tool.
    tool_name: Text<1, 100>,
    /// What it did.
    operation: Text<1, 100>,
    /// How it ended.
    status: ToolStatus,
    /// How long it took, in milliseconds.
    #[serde(default)]
    duration_ms: Option<Milliseconds>,
    /// What it was told to do, at most 16 KiB. Keys that look like secrets are refused.
    #[serde(default)]
    parameters: Parameters,
    /// The artifact it worked on, or made.
    #[serde(default)]
    artifact_id: Option<Uuid>,
}

/// One use: `tool_name`, `operation` and `status` at least. Or several: `items` alone.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({
    "tool_name": "image", "operation": "resize", "status": "success", "duration_ms": 420, "parameters": {"width": 640}
}))]
pub struct NewToolUses {
    /// The uses, 1 to 500; nothing else comes beside them.
    #[serde(default)]
    items: Option<Items>,
    /// The tool.
    #[serde(default)]
    tool_name: Option<Text<1, 100>>,
    /// What it did.
    #[serde(default)]
    operation: Option<Text<1, 100>>,
    /// How it ended.
    #[serde(default)]
    status: Option<ToolStatus>,
    /// How long it took, in milliseconds.
    #[serde(default)]
    duration_ms: Option<Milliseconds>,
    /// What it was told to do, at most 16 KiB. Keys that look like secrets are refused.
    #[serde(default)]
    parameters: Option<Parameters>,
    /// The artifact it worked on, or made.
    #[serde(default)]
    artifact_id: Option<Uuid>,
}

/// 1 to 500 uses.
#[derive(JsonSchema)]
#[schemars(inline)]
struct Items(#[schemars(length(min = 1, max = 500))] Vec<NewToolUse>);

impl<'de> Deserialize<'de> for Items {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = Vec::deserialize(deserializer)?;
        if (1..=500).contains(&items.len()) { Ok(Self(items)) } else { Err(de::Error::custom("must be 1 to 500")) }
    }
}

/// What was recorded: the use, or `items` for several.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Recorded {
    /// The use.
    One(ToolUse),
    /// Several.
    Several(ToolUses),
}

impl Resource for Recorded {}

/// Uses that were recorded together.
#[derive(Serialize, JsonSchema)]
pub struct ToolUses {
    /// The uses, in their order, without their parameters.
    items: Vec<ToolUse>,
}

impl Endpoint for RecordToolUse {
    const ROUTE: Route =
        Route::post("/v1/tools/usage", "Record a use of a tool, or up to 500").problems(&[&problem::INVALID_REFERENCE]);
    type Path = Nothing;
    type Query = Nothing;
    type Body = NewToolUses;
    type Reply = Created<Recorded>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let is_batch = input.body.items.is_some();
        let [rows] = context.fly([input.body.insert()?]).await?;
        let mut recorded: Vec<ToolUse> = read_all(&rows)?;
        if is_batch {
            for tool_use in &mut recorded {
                tool_use.parameters = None;
            }
            return Ok(Created(Recorded::Several(ToolUses { items: recorded })));
        }
        recorded.pop().map(|tool_use| Created(Recorded::One(tool_use))).ok_or_else(Problem::not_found)
    }
}

impl NewToolUses {
    /// What records them.
    pub fn insert(self) -> Result<Sql, Problem> {
        let is_batch = self.items.is_some();
        let uses = self.into_uses()?;
        refuse_secrets(&uses, is_batch)?;
        insert(&uses, is_batch)
    }

    fn into_uses(self) -> Result<Vec<NewToolUse>, Problem> {
        let has_fields = self.tool_name.is_some()
            || self.operation.is_some()
            || self.status.is_some()
            || self.duration_ms.is_some()
            || self.parameters.is_some()
            || self.artifact_id.is_some();
        match self.items {
            Some(_) if has_fields => return Err(Problem::invalid("/items", "must come alone")),
            Some(items) => return Ok(items.0),
            None => {}
        }
        let missing = |name: &str| Problem::invalid(format!("/{name}"), "must come, or else items");
        Ok(vec![NewToolUse {
            tool_name: self.tool_name.ok_or_else(|| missing("tool_name"))?,
            operation: self.operation.ok_or_else(|| missing("operation"))?,
            status: self.status.ok_or_else(|| missing("status"))?,
            duration_ms: self.duration_ms,
            parameters: self.parameters.unwrap_or_default(),
            artifact_id: self.artifact_id,
        }])
    }
}

fn refuse_secrets(uses: &[NewToolUse], is_batch: bool) -> Result<(), Problem> {
    let pointers = uses.iter().enumerate().flat_map(|(index, tool_use)| {
        let place = if is_batch { format!("/items/{index}") } else { String::new() };
        tool_use.parameters.secrets().into_iter().map(move |pointer| format!("{place}/parameters{pointer}"))
    });
    let refuse = |problem: Problem, pointer| problem.at(pointer, "looks like a secret, which is not recorded");
    let nothing = Problem::new(&problem::INVALID, problem::INVALID.title);
    let mut pointers = pointers.take(100).peekable();
    if pointers.peek().is_none() { Ok(()) } else { Err(pointers.fold(nothing, refuse)) }
}

fn insert(uses: &[NewToolUse], is_batch: bool) -> Result<Sql, Problem> {
    let mut records = Vec::with_capacity(uses.len());
    for tool_use in uses {
        let mut record = serde_json::to_value(tool_use).map_err(Problem::internal)?;
        record["id"] = json!(Uuid::now_v7());
        records.push(record);
    }
    let insert = sql(format!(
        "insert into tool_usage (id, user_id, artifact_id, tool_name, operation, duration_ms, status, parameters)
         select new.id, auth.uid(), artifacts.id, new.tool_name, new.operation, new.duration_ms, new.status, new.parameters
         from rows from (
             jsonb_to_recordset($1) as (
                 id uuid, artifact_id uuid, tool_name text, operation text, duration_ms integer, status text, parameters jsonb
             )
         ) with ordinality as new (
             id, artifact_id, tool_name, operation, duration_ms, status, parameters, position
         )
         left join artifacts on artifacts.id = new.artifact_id and {VISIBLE}
         where new.artifact_id is null
            or artifacts.id is not null
            or refuse('invalid_reference', case when $2 then '/items/' || (new.position - 1) else '' end || '/artifact_id')
         order by new.position
         returning id, user_id, artifact_id, tool_name, operation, duration_ms, status, parameters, created_at"
    ));
    Ok(insert.bind(Value::Array(records)).bind(is_batch))
}
