//! Statistics: what their queries have in common.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// A number of days: 1 to `MAX`, 30 where it is left out.
#[derive(Clone, Copy, Debug)]
pub struct Days<const MAX: i32>(pub i32);

impl<const MAX: i32> Default for Days<MAX> {
    fn default() -> Self {
        Self(30)
    }
}

impl<'de, const MAX: i32> Deserialize<'de> for Days<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let days = i32::deserialize(deserializer)?;
        if (1..=MAX).contains(&days) {
            Ok(Self(days))
        } else {
            Err(de::Error::custom(format_args!("must be 1 to {MAX}")))
        }
    }
}

impl<const MAX: i32> serde::Serialize for Days<MAX> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<const MAX: i32> JsonSchema for Days<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Days{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": 1, "maximum": MAX, "default": 30})
    }
}
