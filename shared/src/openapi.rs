//! The OpenAPI 3.1 document: read off the list of endpoints and their types.

use schemars::{
    JsonSchema, Schema, SchemaGenerator,
    generate::{Contract, SchemaSettings},
};
use serde_json::{Map, Value, json};

use crate::{
    endpoint::{Access, Endpoint, Entry, Route},
    extract::Nothing,
    problem::{self, Kind, ProblemBody},
    reply::Reply,
};

/// The schemas that operations refer to: what is read and what is written differ in what is required.
pub struct Schemas {
    input: SchemaGenerator,
    output: SchemaGenerator,
}

/// The types of an endpoint as schemas.
pub struct Operation {
    path: Schema,
    query: Schema,
    body: Option<Schema>,
    reply: Option<Schema>,
    statuses: &'static [(u16, &'static str)],
    text: Option<&'static str>,
}

impl Schemas {
    fn new() -> Self {
        let settings = |contract| {
            SchemaSettings::draft2020_12()
                .with(|settings| {
                    settings.definitions_path = "/components/schemas".into();
                    settings.meta_schema = None;
                    settings.contract = contract;
                })
                .into_generator()
        };
        Self { input: settings(Contract::Deserialize), output: settings(Contract::Serialize) }
    }

    fn into_components(mut self) -> Map<String, Value> {
        let mut components = self.output.take_definitions(true);
        for (name, schema) in self.input.take_definitions(true) {
            // A type that is both taken and given, and differs: the taken one is the looser.
            components.insert(name, schema);
        }
        components.sort_keys();
        components
    }
}

impl Operation {
    /// Describes an endpoint.
    pub fn of<E: Endpoint>(schemas: &mut Schemas) -> Self {
        let has_body = E::ROUTE.takes_body() && std::any::type_name::<E::Body>() != std::any::type_name::<Nothing>();
        Self {
            path: E::Path::json_schema(&mut schemas.input),
            query: E::Query::json_schema(&mut schemas.input),
            body: has_body.then(|| schemas.input.subschema_for::<E::Body>()),
            reply: E::Reply::schema(&mut schemas.output),
            statuses: E::Reply::STATUSES,
            text: E::Reply::TEXT,
        }
    }
}

/// The document for these endpoints.
#[must_use]
pub fn document(entries: &[Entry], version: &str) -> Value {
    let mut schemas = Schemas::new();
    let problem_schema = schemas.output.subschema_for::<ProblemBody>();
    let mut paths = Map::new();
    for entry in entries {
        let operation = (entry.describe)(&mut schemas);
        let path = entry.route.path.replace("+}", "}");
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[entry.route.method.to_lowercase()] = describe(entry, &operation, &problem_schema);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Atelier",
            "version": version,
            "summary": "The storage backend of an AI-creation product.",
            "description": "Accounts, chats, and versioned, forkable artifacts. Times are RFC 3339 in UTC, ids are UUIDs, \
                sizes are bytes. Lists are paged by `limit` and `cursor`. Every failure is an RFC 9457 problem.",
            "license": {"name": "MIT", "identifier": "MIT"}
        },
        "servers": [{"url": "/"}],
        "security": [],
        "tags": tags(entries),
        "paths": paths,
        "components": {
            "schemas": schemas.into_components(),
            "securitySchemes": {
                "session": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of POST /v1/users or POST /v1/sessions."
                }
            }
        }
    })
}

fn tags(entries: &[Entry]) -> Vec<Value> {
    let mut tags: Vec<&str> = entries.iter().map(tag).collect();
    tags.dedup();
    tags.iter().map(|tag| json!({"name": tag})).collect()
}

fn tag(entry: &Entry) -> &str {
    entry.name.split('-').next().unwrap_or_default()
}

fn describe(entry: &Entry, operation: &Operation, problem_schema: &Schema) -> Value {
    let route = entry.route;
    let mut parameters = parameters("path", &operation.path);
    parameters.extend(self::parameters("query", &operation.query));
    if route.if_match {
        parameters.push(header("If-Match", true, "The ETag last read, or `*`.", "\"3-8c6f2a94d1b7e05f\""));
    }
    if route.method == "POST" {
        let what = "Kept 24 hours: the same request with the same key is answered again, and not done again.";
        parameters.push(header("Idempotency-Key", false, what, "0199f0c5-6f5e-7c3a-9d64-0f2a7f6f3a10"));
    }
    parameters
        .extend(route.headers.iter().map(|each| header(each.name, each.required, each.description, each.example)));
    let mut responses = Map::new();
    for (status, description) in operation.statuses {
        let mut response = json!({"description": description});
        if let Some(schema) = &operation.reply {
            response["content"] = json!({"application/json": {"schema": schema}});
        }
        if let Some(media_type) = operation.text {
            response["content"][media_type] = json!({"schema": {"type": "string"}});
        }
        responses.insert(status.to_string(), response);
    }
    for (status, kinds) in problems(route) {
        let codes: Vec<String> = kinds.iter().map(|kind| format!("`{}`: {}", kind.code, kind.title)).collect();
        let response = json!({
            "description": codes.join("\n\n"),
            "content": {"application/problem+json": {
                "schema": problem_schema,
                "examples": kinds.iter().map(|kind| (kind.code.to_owned(), example(kind))).collect::<Map<_, _>>()
            }}
        });
        responses.insert(status.to_string(), response);
    }
    let mut described = json!({
        "operationId": entry.name,
        "summary": route.summary,
        "tags": [tag(entry)],
        "parameters": parameters,
        "responses": responses,
        "security": match route.access {
            Access::Anyone => json!([]),
            Access::Optional => json!([{}, {"session": []}]),
            Access::SignedIn => json!([{"session": []}]),
        }
    });
    if let Some(schema) = &operation.body {
        described["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    described
}

fn example(kind: &Kind) -> Value {
    json!({"value": {
        "type": format!("urn:atelier:problem:{}", kind.code),
        "title": kind.title,
        "status": kind.status,
        "detail": kind.title,
        "code": kind.code
    }})
}

fn header(name: &str, required: bool, description: &str, example: &str) -> Value {
    json!({
        "name": name, "in": "header", "required": required, "description": description,
        "schema": {"type": "string"}, "example": example
    })
}

fn parameters(place: &str, schema: &Schema) -> Vec<Value> {
    let required = schema.get("required").and_then(Value::as_array);
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    properties
        .iter()
        .map(|(name, property)| {
            let mut property = property.clone();
            let description = property.as_object_mut().and_then(|property| property.remove("description"));
            json!({
                "name": name,
                "in": place,
                "required": required.is_some_and(|required| required.iter().any(|required| required == name)),
                "description": description,
                "schema": property
            })
        })
        .collect()
}

/// Every problem a route can answer with, by status: what follows from its shape, and what it names itself.
#[must_use]
pub fn problems(route: &Route) -> Vec<(u16, Vec<&'static Kind>)> {
    let mut kinds: Vec<&'static Kind> = vec![&problem::MALFORMED, &problem::INVALID, &problem::INTERNAL];
    if route.access != Access::Anyone {
        kinds.push(&problem::UNAUTHENTICATED);
    }
    if route.path.contains('{') {
        kinds.push(&problem::NOT_FOUND);
    }
    if route.if_match {
        kinds.extend([&problem::STALE, &problem::PRECONDITION_REQUIRED]);
    }
    if route.takes_body() {
        kinds.extend([&problem::TOO_LARGE, &problem::UNSUPPORTED_TYPE]);
    }
    if route.method == "POST" {
        kinds.extend([&problem::IDEMPOTENCY_KEY_IN_USE, &problem::IDEMPOTENCY_KEY_REUSED]);
    }
    if route.database {
        kinds.push(&problem::UNAVAILABLE);
    }
    kinds.extend(route.problems);
    kinds.sort_by_key(|kind| (kind.status, kind.code));
    kinds.dedup();
    let mut by_status: Vec<(u16, Vec<&'static Kind>)> = Vec::new();
    for kind in kinds {
        match by_status.last_mut().filter(|(status, _)| *status == kind.status) {
            Some((_, kinds)) => kinds.push(kind),
            None => by_status.push((kind.status, vec![kind])),
        }
    }
    by_status
}
