//! The types and the SQL that two endpoints share, by table.

pub mod accounts;
pub mod artifacts;
pub mod blobs;
pub mod chats;
pub mod checkpoints;
pub mod containers;
pub mod files;
pub mod messages;
pub mod profiles;
pub mod retention;
pub mod statistics;
pub mod tools;
pub mod uploads;
pub mod versions;
