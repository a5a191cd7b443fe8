//! Retention: how long what is kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Problem, Resource, Sql, context::read_all, database::Row, from_row, sql, text::Interval};

/// What happens to what is old enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetentionAction {
    /// It is removed.
    Delete,
    /// It is kept, but found by no search any more.
    Archive,
}

impl RetentionAction {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Archive => "archive",
        }
    }
}

/// How long one kind of thing is kept.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RetentionPolicy {
    /// What it is about.
    pub name: String,
    /// What happens to what is older.
    #[schemars(with = "RetentionAction")]
    pub action: String,
    /// How long it is kept since it was last used, or made where use leaves no trace: an ISO 8601 duration.
    #[schemars(with = "Interval")]
    pub keep: String,
    /// Whether anything happens at all.
    pub is_enabled: bool,
    #[serde(skip)]
    #[schemars(skip)]
    revision: i64,
}

from_row!(RetentionPolicy { name, action, keep, is_enabled, revision });

/// Every policy.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Retention {
    /// The policies, by name.
    pub items: Vec<RetentionPolicy>,
}

impl Resource for Retention {
    /// Changes of any of them: they are read and written together.
    fn revision(&self) -> Option<i64> {
        Some(self.items.iter().map(|policy| policy.revision).sum())
    }
}

impl Retention {
    /// What [`select_retention`] found: nothing for who is no superuser.
    pub fn read(rows: &[Row]) -> Result<Self, Problem> {
        let items: Vec<RetentionPolicy> = read_all(rows)?;
        if items.is_empty() { Err(Problem::not_found()) } else { Ok(Self { items }) }
    }
}

/// Makes the transaction write intervals as ISO 8601 has them, for [`select_retention`].
#[must_use]
pub fn set_interval_style() -> Sql {
    sql("select set_config('intervalstyle', 'iso_8601', true)")
}

/// Every policy, for [`Retention::read`].
#[must_use]
pub fn select_retention() -> Sql {
    sql("
        select name, action, keep::text as keep, is_enabled, revision
        from retention_policies
        where (select auth.is_superuser())
        order by name
    ")
}
