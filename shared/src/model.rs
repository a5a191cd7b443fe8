//! The types and the SQL that two endpoints share, by table.

pub mod accounts;
pub mod artifacts;
pub mod blobs;
pub mod chats;
pub mod checkpoints;
pub mod comments;
pub mod containers;
pub mod diffs;
pub mod documents;
pub mod files;
pub mod items;
pub mod likes;
pub mod listings;
pub mod merges;
pub mod message_artifacts;
pub mod messages;
pub mod profiles;
pub mod projects;
pub mod records;
pub mod retention;
pub mod runs;
pub mod statistics;
pub mod texts;
pub mod tools;
pub mod uploads;
pub mod versions;
