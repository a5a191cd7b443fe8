//! Uses of tools.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Resource, from_row, inline_schema,
    page::{Cursor, Keyset},
    text::Object,
};

/// A use of a tool.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ToolUse {
    /// Identifier.
    pub id: Uuid,
    /// Who used it.
    pub user_id: Uuid,
    /// The artifact it worked on, or made; null once that is gone.
    pub artifact_id: Option<Uuid>,
    /// The tool.
    pub tool_name: String,
    /// What it did.
    pub operation: String,
    /// How long it took, in milliseconds; null where nobody measured.
    pub duration_ms: Option<i32>,
    /// How it ended: success or failure; an import may have other words.
    pub status: String,
    /// What it was told to do; absent in the reply to a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Object>")]
    pub parameters: Option<Value>,
    /// When it was recorded.
    pub created_at: Timestamp,
}

from_row!(ToolUse { id, user_id, artifact_id, tool_name, operation, duration_ms, status, parameters, created_at });

impl Resource for ToolUse {}

impl Keyset for ToolUse {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

/// The columns of [`ToolUse`], to follow `select`.
pub const TOOL_USE: &str = "
    tool_usage.id, tool_usage.user_id, tool_usage.artifact_id, tool_usage.tool_name, tool_usage.operation,
    tool_usage.duration_ms, tool_usage.status, tool_usage.parameters, tool_usage.created_at
from tool_usage
";

/// A duration in milliseconds, up to 24 days.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(transparent)]
pub struct Milliseconds(pub i32);

impl<'de> Deserialize<'de> for Milliseconds {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let milliseconds = i32::try_from(i64::deserialize(deserializer)?).ok().filter(|number| *number >= 0);
        milliseconds.map(Self).ok_or_else(|| de::Error::custom("must be 0 to 2147483647"))
    }
}

inline_schema!(Milliseconds, {"type": "integer", "minimum": 0, "maximum": 2_147_483_647, "examples": [420]});

/// What a tool was told to do: a JSON object of at most 16 KiB.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Parameters(Value);

impl Default for Parameters {
    fn default() -> Self {
        Self(Value::Object(serde_json::Map::new()))
    }
}

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Object::deserialize(deserializer)?.into_value();
        if value.to_string().len() > 16 * 1024 {
            return Err(de::Error::custom("must have at most 16384 bytes"));
        }
        Ok(Self(value))
    }
}

inline_schema!(Parameters, {"type": "object", "additionalProperties": true, "examples": [{"width": 640}]});

impl Parameters {
    /// JSON pointers to the keys that look like secrets, at any depth, sorted.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let mut found = Vec::new();
        find_secrets(&self.0, &mut String::new(), &mut found);
        found.sort();
        found
    }
}

fn find_secrets(value: &Value, pointer: &mut String, found: &mut Vec<String>) {
    let mut visit = |key: &str, inner: &Value, is_secret: bool| {
        let length = pointer.len();
        pointer.extend(["/", &key.replace('~', "~0").replace('/', "~1")]);
        if is_secret {
            found.push(pointer.clone());
        } else {
            find_secrets(inner, pointer, found);
        }
        pointer.truncate(length);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| visit(key, inner, is_secret(key))),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, inner)| visit(&index.to_string(), inner, false));
        }
        _ => {}
    }
}

/// What a secret's key has in it, without case and separators.
const SECRETS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "sessionid",
    "jwt",
];

/// What makes several tokens secrets. Others are counted by who uses a language model: `max_tokens`.
const TOKEN_KINDS: &[&str] = &["access", "api", "auth", "bearer", "csrf", "id", "refresh", "session"];

/// What follows the word in keys that only count tokens or say how text is cut into them.
const TOKEN_FIGURES: &[&str] =
    &["budget", "count", "ize", "izing", "ization", "length", "limit", "size", "total", "usage"];

fn is_secret(key: &str) -> bool {
    let key: String = key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let is_token = key.match_indices("token").any(|(start, word)| {
        let (before, after) = (&key[..start], &key[start + word.len()..]);
        match after.strip_prefix('s') {
            Some(_) => TOKEN_KINDS.iter().any(|kind| before.ends_with(kind)),
            None => !TOKEN_FIGURES.iter().any(|figure| after.starts_with(figure)),
        }
    });
    is_token || key == "auth" || key.ends_with("pwd") || SECRETS.iter().any(|secret| key.contains(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_look_like_secrets_are_known() {
        for secret in [
            "password",
            "userPassword",
            "MYSQL_PWD",
            "PASSWORD_HASH",
            "secret",
            "client-secret",
            "token",
            "Token",
            "accessToken",
            "refresh_tokens",
            "githubtoken",
            "token_value",
            "api_key",
            "X-Api-Key",
            "APIKEY",
            "Authorization",
            "proxy authorization",
            "Set-Cookie",
            "cookies",
            "private_key",
            "privateKeyPem",
            "credentials",
            "aws_access_key_id",
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        for harmless in [
            "max_tokens",
            "tokens",
            "maxOutputTokens",
            "token_count",
            "tokenLimit",
            "tokenizer",
            "tokens_used",
            "author",
            "key",
            "keyboard",
            "path",
            "passes",
            "pass",
            "section",
        ] {
            assert!(!is_secret(harmless), "{harmless}");
        }
    }

    #[test]
    fn secrets_are_found_at_any_depth() {
        let parameters = serde_json::json!({
            "url": "https://example.com",
            "headers": [{"Accept": "*/*"}, {"Authorization": "Bearer x"}],
            "a/b": {"c~d": {"apiKey": 1}},
            "secret": {"password": 1}
        });
        let parameters: Parameters = serde_json::from_value(parameters).expect("an object");
        assert_eq!(parameters.secrets(), ["/a~1b/c~0d/apiKey", "/headers/1/Authorization", "/secret"]);
    }

    #[test]
    fn parameters_are_small() {
        let of = |length: usize| serde_json::json!({"text": "x".repeat(length)});
        assert!(serde_json::from_value::<Parameters>(of(16 * 1024 - 11)).is_ok());
        assert!(serde_json::from_value::<Parameters>(of(16 * 1024 - 10)).is_err());
    }
}
