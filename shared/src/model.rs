//! The types and the SQL that two endpoints share, by table.

pub mod accounts;
pub mod artifacts;
pub mod blobs;
pub mod chats;
pub mod message_artifacts;
pub mod messages;
pub mod profiles;
pub mod uploads;
pub mod versions;
