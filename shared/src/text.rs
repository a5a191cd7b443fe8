//! Values that are valid wherever they appear: checked once, when they are read.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

/// Text of `MIN` to `MAX` characters. NUL is refused, as PostgreSQL has no place for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// The text, if it is one of these; else what it must be.
    pub fn new(text: String) -> Result<Self, String> {
        if text.contains('\0') {
            return Err("must not contain NUL".to_owned());
        }
        // Characters are never more than bytes, so that most texts need no counting.
        if text.len() > MAX && text.chars().count() > MAX {
            return Err(format!("must have at most {MAX} characters"));
        }
        if text.len() < MIN || (MIN == 1 && text.trim().is_empty()) || (MIN > 1 && text.chars().count() < MIN) {
            return Err(match MIN {
                1 => "must not be blank".to_owned(),
                _ => format!("must have at least {MIN} characters"),
            });
        }
        Ok(Self(text))
    }

    /// The text itself.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for Text<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl<const MIN: usize, const MAX: usize> JsonSchema for Text<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Text{MIN}To{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "minLength": MIN, "maxLength": MAX})
    }
}

/// Describes a type, wherever it appears, by this schema.
#[macro_export]
macro_rules! inline_schema {
    ($name:ident, $schema:tt) => {
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}

/// Declares a text with rules of its own: `parse` returns the accepted form or says what is wrong.
macro_rules! parsed_text {
    ($(#[$meta:meta])* $name:ident, $schema:tt, $parse:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn into_string(self) -> String {
                self.0
            }

            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let parse: fn(String) -> Result<String, &'static str> = $parse;
                parse(String::deserialize(deserializer)?).map(Self).map_err(de::Error::custom)
            }
        }

        inline_schema!($name, $schema);
    };
}

parsed_text! {
    /// An e-mail address, as far as anyone but its mail server can tell.
    Email, {"type": "string", "format": "email", "maxLength": 254, "examples": ["ada@example.com"]},
    |text| {
        let (name, host) = text.rsplit_once('@').unwrap_or_default();
        let unfit = |part: &str| part.is_empty() || part.contains(|c: char| c == '@' || c.is_whitespace() || c.is_control());
        if unfit(name) || unfit(host) || text.len() > 254 { Err("must be an e-mail address") } else { Ok(text) }
    }
}

/// Handles that would be mistaken for the product's own pages, addresses, files or people, or for everybody or nobody.
const RESERVED_HANDLES: &[&str] = &[
    "about",
    "abuse",
    "account",
    "accounts",
    "admin",
    "administrator",
    "admins",
    "all",
    "anonymous",
    "anybody",
    "anyone",
    "api",
    "app",
    "apps",
    "artifact",
    "artifacts",
    "assets",
    "atelier",
    "auth",
    "avatar",
    "billing",
    "blob",
    "blobs",
    "blog",
    "careers",
    "cdn",
    "chat",
    "chats",
    "comments",
    "community",
    "contact",
    "container",
    "containers",
    "cookies",
    "copyright",
    "dashboard",
    "dev",
    "developer",
    "developers",
    "dmca",
    "docs",
    "documents",
    "domain",
    "download",
    "downloads",
    "drive",
    "edit",
    "email",
    "enterprise",
    "error",
    "errors",
    "everybody",
    "everyone",
    "example",
    "explore",
    "faq",
    "favicon",
    "feed",
    "feedback",
    "files",
    "forum",
    "ftp",
    "gallery",
    "guest",
    "health",
    "help",
    "here",
    "home",
    "hosting",
    "hostmaster",
    "images",
    "imports",
    "index",
    "info",
    "items",
    "jobs",
    "legal",
    "license",
    "likes",
    "localhost",
    "log",
    "login",
    "logout",
    "mail",
    "maintenance",
    "me",
    "media",
    "messages",
    "mod",
    "moderator",
    "moderators",
    "new",
    "news",
    "no-reply",
    "nobody",
    "noreply",
    "notifications",
    "null",
    "oauth",
    "official",
    "openapi",
    "operator",
    "operators",
    "owner",
    "password",
    "payments",
    "postmaster",
    "press",
    "pricing",
    "privacy",
    "profile",
    "profiles",
    "projects",
    "public",
    "records",
    "register",
    "robots",
    "root",
    "runs",
    "sales",
    "search",
    "security",
    "self",
    "session",
    "sessions",
    "settings",
    "share",
    "shared",
    "shares",
    "signin",
    "signout",
    "signup",
    "sitemap",
    "smtp",
    "ssl",
    "staff",
    "static",
    "status",
    "storage",
    "store",
    "subscribe",
    "sudo",
    "superuser",
    "support",
    "sysadmin",
    "system",
    "team",
    "teams",
    "terms",
    "test",
    "tools",
    "trending",
    "trust",
    "undefined",
    "unsubscribe",
    "upload",
    "uploads",
    "user",
    "users",
    "v1",
    "versions",
    "webmail",
    "webmaster",
    "well-known",
    "www",
    "you",
];

parsed_text! {
    /// A profile's public name: 2 to 32 letters and digits with single hyphens between, lower-cased here.
    Handle, {
        "type": "string", "minLength": 2, "maxLength": 32, "pattern": "^[A-Za-z0-9](-?[A-Za-z0-9])+$", "examples": ["ada"]
    },
    |text| {
        let handle = text.to_ascii_lowercase();
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if !(2..=32).contains(&handle.len()) {
            Err("must have 2 to 32 characters")
        } else if !handle.chars().all(letters) || handle.starts_with('-') || handle.ends_with('-') || handle.contains("--") {
            Err("must be letters and digits, with single hyphens between")
        } else if RESERVED_HANDLES.contains(&handle.as_str()) {
            Err("is reserved")
        } else {
            Ok(handle)
        }
    }
}

parsed_text! {
    /// A media type, `type/subtype` with optional parameters.
    ContentType, {
        "type": "string", "maxLength": 127, "pattern": "^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+", "examples": ["image/png"]
    },
    |text| {
        let essence = text.split(';').next().unwrap_or_default().trim_end();
        let token = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&^_.+-".contains(c));
        let valid = essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype))
            && text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        if valid && text.len() <= 127 { Ok(text) } else { Err("must be a media type such as image/png") }
    }
}

parsed_text! {
    /// A path inside an artifact: relative, with `/` between, no empty, `.` or `..` segments.
    FilePath, {"type": "string", "minLength": 1, "maxLength": 512, "examples": ["src/main.rs"]},
    |text| {
        let segment = |part: &str| !part.is_empty() && part != "." && part != "..";
        if text.len() > 512 {
            Err("must have at most 512 bytes")
        } else if text.contains(|c: char| c.is_control() || c == '\\') || !text.split('/').all(segment) {
            Err("must be a relative path without empty, . or .. segments, backslashes or control characters")
        } else {
            Ok(text)
        }
    }
}

impl FilePath {
    /// The folders that a file lies in, from the outermost.
    pub fn folders(path: &str) -> impl Iterator<Item = &str> {
        path.match_indices('/').map(|(end, _)| &path[..end])
    }
}

parsed_text! {
    /// Where something answers on the web: http or https, and at most 2,000 bytes.
    WebAddress, {"type": "string", "format": "uri", "maxLength": 2000, "pattern": "^https?://", "examples": ["https://app.example.com"]},
    |text| {
        let rest = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or_default();
        let hostless = rest.is_empty() || rest.starts_with(['/', '?', '#', ':']);
        if hostless || text.len() > 2000 || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            Err("must be an http or https address of at most 2,000 bytes")
        } else {
            Ok(text)
        }
    }
}

parsed_text! {
    /// A length of time in years, months, weeks and days: an ISO 8601 duration of a day to 100 years.
    Interval, {"type": "string", "pattern": "^P([0-9]{1,5}Y)?([0-9]{1,5}M)?([0-9]{1,5}W)?([0-9]{1,5}D)?$", "examples": ["P6M"]},
    |text| {
        let mut rest = text.strip_prefix('P').unwrap_or_default();
        let mut days = 0;
        for (unit, length) in [('Y', 365), ('M', 30), ('W', 7), ('D', 1)] {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            if (1..=5).contains(&digits) && rest[digits..].starts_with(unit) {
                days += rest[..digits].parse::<u32>().unwrap_or_default() * length;
                rest = &rest[digits + 1..];
            }
        }
        if rest.is_empty() && (1..=36_500).contains(&days) {
            Ok(text)
        } else {
            Err("must be an ISO 8601 duration such as P6M, of a day to 100 years")
        }
    }
}

/// A SHA-256, in hex wherever a client sees it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
        Self(digest.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Sha256 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut digest = [0; 32];
        hex::decode_to_slice(&text, &mut digest)
            .map_err(|_| de::Error::custom("must be a SHA-256 in 64 hex digits"))?;
        Ok(Self(digest))
    }
}

inline_schema!(Sha256, {
    "type": "string",
    "pattern": "^[0-9a-fA-F]{64}$",
    "examples": ["2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"]
});

/// A JSON object of at most 64 KiB, for what callers keep beside our own fields.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Object(serde_json::Map<String, Value>);

impl Object {
    /// As a value to store.
    #[must_use]
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = serde_json::Map::deserialize(deserializer)?;
        check_json(&Value::Object(map.clone()), 64 * 1024).map_err(de::Error::custom)?;
        Ok(Self(map))
    }
}

inline_schema!(Object, {"type": "object", "additionalProperties": true, "examples": [{}]});

/// Any JSON of at most 1 MiB.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Json1M(Value);

impl Json1M {
    /// As a value to store.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.0
    }
}

impl<'de> Deserialize<'de> for Json1M {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        check_json(&value, 1024 * 1024).map_err(de::Error::custom)?;
        Ok(Self(value))
    }
}

inline_schema!(Json1M, {"examples": [[{"role": "user", "content": "Draw a clock."}]]});

/// What jsonb cannot hold must not reach it: NUL in any text, and numbers beyond its numeric type. Gives the text.
pub(crate) fn check_json(value: &Value, limit: usize) -> Result<String, String> {
    fn has_nul(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains('\0'),
            Value::Array(items) => items.iter().any(has_nul),
            Value::Object(map) => map.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
            _ => false,
        }
    }
    if has_nul(value) {
        return Err("must not contain NUL".to_owned());
    }
    let text = value.to_string();
    if text.len() > limit {
        return Err(format!("must have at most {limit} bytes"));
    }
    Ok(text)
}

/// A field of a PATCH that may be cleared: absent, null and present are three things.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// The field was not sent: keep what there is.
    #[default]
    Keep,
    /// The field was sent as null: clear it.
    Clear,
    /// The field was sent with a value.
    Set(T),
}

impl<T> Change<T> {
    /// Whether to change the column, and what to; for `case when $n then $m else column end`.
    pub fn into_parts<U>(self, convert: impl FnOnce(T) -> U) -> (bool, Option<U>) {
        match self {
            Self::Keep => (false, None),
            Self::Clear => (true, None),
            Self::Set(value) => (true, Some(convert(value))),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

impl<T: JsonSchema> JsonSchema for Change<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Change{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<T>::json_schema(generator)
    }
}

/// A field of a PATCH that may be left out, but not cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maybe<T>(pub Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(|value| Self(Some(value)))
    }
}

impl<T: JsonSchema> JsonSchema for Maybe<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Maybe{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: de::DeserializeOwned>(text: &str) -> Option<T> {
        serde_json::from_value(Value::String(text.to_owned())).ok()
    }

    #[test]
    fn handles_are_lower_cased_and_checked() {
        assert_eq!(read::<Handle>("Ada-Lovelace").map(Handle::into_string).as_deref(), Some("ada-lovelace"));
        for wrong in [
            "a",
            "-ada",
            "ada-",
            "a--b",
            "ada lovelace",
            "ädä",
            "admin",
            "Admin",
            "no-reply",
            "V1",
            &"a".repeat(33),
            "",
        ] {
            assert!(read::<Handle>(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn file_paths_stay_inside() {
        for right in ["index.html", "src/a b/ü.rs", "..a/b", ".gitignore"] {
            assert!(read::<FilePath>(right).is_some(), "{right:?}");
        }
        for wrong in ["", "/etc/passwd", "a//b", "a/../b", "./a", "a/", "a\\b", "a\u{0}b", "a\nb"] {
            assert!(read::<FilePath>(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn texts_are_counted_in_characters() {
        assert!(read::<Text<1, 3>>("äöü").is_some());
        assert!(read::<Text<1, 3>>("äöüß").is_none());
        assert!(read::<Text<1, 3>>("  ").is_none());
        assert!(read::<Text<0, 3>>("").is_some());
        assert!(read::<Text<8, 9>>("äöüäöü").is_none());
        assert!(read::<Text<0, 9>>("a\0").is_none());
    }

    #[test]
    fn addresses_and_media_types() {
        assert!(read::<Email>("ada@example.com").is_some());
        for wrong in ["ada", "@example.com", "ada@", "a da@example.com", "a@b@"] {
            assert!(read::<Email>(wrong).is_none(), "{wrong:?}");
        }
        assert!(read::<ContentType>("text/html; charset=utf-8").is_some());
        for wrong in ["png", "image/", "image/p ng", "image/png\r\nx: y", ""] {
            assert!(read::<ContentType>(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn web_addresses_have_a_host() {
        for right in ["https://app.example.com/a?b#c", "http://127.0.0.1:3000"] {
            assert!(read::<WebAddress>(right).is_some(), "{right:?}");
        }
        let long = format!("https://a/{}", "x".repeat(2000));
        for wrong in
            ["", "https://", "http:///a", "javascript:alert(1)", "HTTPS:a", "//a", "https://a b", "http://a\n", &long]
        {
            assert!(read::<WebAddress>(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn intervals_are_a_day_to_a_century() {
        for right in ["P1D", "P6M", "P7Y", "P1Y2M3W4D", "P100Y", "P02W"] {
            assert!(read::<Interval>(right).is_some(), "{right:?}");
        }
        for wrong in
            ["", "P", "1D", "P0D", "P-1D", "P1H", "PT1H", "P1D2M", "P1.5D", "P101Y", "P999999D", "P1D ", "6 mons"]
        {
            assert!(read::<Interval>(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn absent_null_and_present_differ() {
        #[derive(Deserialize)]
        struct Patch {
            #[serde(default)]
            bio: Change<String>,
            #[serde(default)]
            title: Maybe<String>,
        }
        let patch: Patch = serde_json::from_str("{}").expect("empty");
        assert_eq!((patch.bio, patch.title.0), (Change::Keep, None));
        let patch: Patch = serde_json::from_str(r#"{"bio": null}"#).expect("null");
        assert_eq!(patch.bio, Change::Clear);
        assert!(serde_json::from_str::<Patch>(r#"{"title": null}"#).is_err());
    }
}
