//! Calling whatever endpoint is in the list, knowing nothing but what it says of itself.

use serde_json::{Value, json};
use shared::{Entry, openapi};

use crate::{Person, Reply};

/// Paths of the list with values in place of their parameters: ids that exist nowhere, texts that are valid. Where the
/// query has parameters that must be there, they are.
#[must_use]
pub fn path_with(entry: &Entry, id: &str) -> String {
    let query = required_query(entry);
    let separator = if query.is_empty() { "" } else { "?" };
    let path = entry
        .route
        .path
        .replace("{id}", id)
        .replace("{version}", "1")
        .replace("{checkpoint}", &nowhere())
        .replace("{path+}", "clock.js")
        .replace("{sha256}", &"0".repeat(64))
        .replace("{token}", "share_nobody-has-this")
        .replace("{handle}", "nobody-has-this");
    format!("{path}{separator}{query}")
}

/// The parameters that an endpoint's query must have, by their examples.
///
/// # Panics
/// Where one has none.
#[must_use]
pub fn required_query(entry: &Entry) -> String {
    let document = openapi::document(&[Entry { name: entry.name.clone(), ..*entry }], "0");
    let operation = &document["paths"][entry.route.path.replace("+}", "}")][entry.route.method.to_lowercase()];
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let required = parameters.iter().filter(|parameter| parameter["in"] == "query" && parameter["required"] == true);
    let query: Vec<String> = required
        .map(|parameter| {
            let name = parameter["name"].as_str().expect("a name");
            let example = match parameter["schema"]["examples"][0].as_str() {
                Some(example) => example,
                None if parameter["schema"]["type"] == "integer" => "1",
                None => panic!("{} needs an example of {name}", entry.name),
            };
            format!("{name}={example}")
        })
        .collect();
    query.join("&")
}

/// An id of nothing.
#[must_use]
pub fn nowhere() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Calls an endpoint, whatever its revision where it asks for one.
pub async fn send(person: &Person, entry: &Entry, path: &str, body: Option<&str>) -> Reply {
    send_if_match(person, entry, path, "*", body).await
}

/// Calls an endpoint, with this If-Match where it asks for one.
pub async fn send_if_match(person: &Person, entry: &Entry, path: &str, if_match: &str, body: Option<&str>) -> Reply {
    let mut request = person.request(entry.route.method, path);
    if entry.route.if_match {
        request = request.header("if-match", if_match);
    }
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_owned());
    }
    Reply::to(request).await
}

/// The schema of an endpoint's body, from the document.
#[must_use]
pub fn body_schema<'a>(document: &'a Value, entry: &Entry) -> Option<&'a Value> {
    let operation = &document["paths"][entry.route.path.replace("+}", "}")][entry.route.method.to_lowercase()];
    let reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str()?;
    document.pointer(reference.trim_start_matches('#'))
}

/// A body that the endpoint accepts as far as its form goes.
///
/// # Panics
/// Where a schema is none.
#[must_use]
pub fn example(document: &Value, entry: &Entry) -> Value {
    let Some(schema) = body_schema(document, entry) else { return json!({}) };
    if let Some(example) = schema["examples"].get(0) {
        return example.clone();
    }
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    required.iter().map(|name| (name.as_str().expect("a name").to_owned(), json!(nowhere()))).collect()
}

/// The API, described.
#[must_use]
pub fn document() -> Value {
    openapi::document(&functions::endpoints(), "0")
}
