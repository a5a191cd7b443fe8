//! Containers: sandboxes that run generated apps.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Resource, Sql, from_row,
    page::{Cursor, Keyset},
    sql,
};

/// The ports that containers are given: no two live ones have the same.
pub const PORTS: RangeInclusive<i32> = 3000..=3999;

/// What a container is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContainerStatus {
    /// It is there, and was not started yet.
    Created,
    /// It runs.
    Running,
    /// It ran, and may run again.
    Stopped,
    /// It is gone.
    Deleted,
}

impl ContainerStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Created, Self::Running, Self::Stopped, Self::Deleted];

    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Deleted => "deleted",
        }
    }

    /// What it may become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Created | Self::Stopped => &[Self::Running, Self::Deleted],
            Self::Running => &[Self::Stopped, Self::Deleted],
            Self::Deleted => &[],
        }
    }
}

/// A sandbox.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Container {
    /// Identifier.
    pub id: Uuid,
    /// The runtime's own name for it, such as Docker's.
    pub container_id: String,
    /// Whose it is.
    pub user_id: Uuid,
    /// What it is called.
    pub name: String,
    /// What it is at.
    #[schemars(with = "ContainerStatus")]
    pub status: String,
    /// What it was made of.
    pub image_name: Option<String>,
    /// TCP port on the host, from 3000 to 3999; no two live containers have the same, and one that is stopped has none.
    pub assigned_port: Option<i32>,
    /// Where the running app answers.
    pub url: Option<String>,
    /// What the runtime labels it with.
    #[schemars(with = "crate::text::Object")]
    pub labels: Value,
    /// Whatever the client keeps with it.
    #[schemars(with = "crate::text::Object")]
    pub metadata: Value,
    /// When it last began to run; null before.
    pub started_at: Option<Timestamp>,
    /// When it last ceased to run; null before.
    pub stopped_at: Option<Timestamp>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Number of changes.
    #[serde(skip)]
    #[schemars(skip)]
    pub revision: i64,
}

from_row!(Container {
    id,
    container_id,
    user_id,
    name,
    status,
    image_name,
    assigned_port,
    url,
    labels,
    metadata,
    started_at,
    stopped_at,
    created_at,
    updated_at,
    revision,
});

impl Resource for Container {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    fn location(&self) -> Option<String> {
        Some(format!("/v1/containers/{}", self.id))
    }
}

impl Keyset for Container {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

/// The columns of [`Container`], to follow `select`.
pub const CONTAINER: &str = "
    containers.id, containers.container_id, containers.user_id, containers.name, containers.status, containers.image_name,
    containers.assigned_port, containers.url, containers.labels, containers.metadata, containers.started_at,
    containers.stopped_at, containers.created_at, containers.updated_at, containers.revision
from containers
";

/// The condition of a container that the caller can work with: theirs, and not deleted.
pub const OWN: &str = "containers.user_id = auth.uid() and containers.status <> 'deleted'";

/// One container of the caller's.
#[must_use]
pub fn select_container(id: Uuid) -> Sql {
    sql(format!("select {CONTAINER} where containers.id = $1 and {OWN}")).bind(id)
}

/// Whether there is such a container of the caller's.
#[must_use]
pub fn select_container_id(id: Uuid) -> Sql {
    sql(format!("select containers.id from containers where containers.id = $1 and {OWN}")).bind(id)
}

/// The same, and a checkpoint is not restored before the transaction ends.
#[must_use]
pub fn lock_container(id: Uuid) -> Sql {
    sql(format!("select containers.id from containers where containers.id = $1 and {OWN} for key share")).bind(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_stored_as_they_are_written() {
        for status in ContainerStatus::ALL {
            assert_eq!(serde_json::to_value(status).expect("plain"), status.as_str());
        }
    }
}
