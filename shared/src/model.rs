//! The types and the SQL that two endpoints share, by table.

pub mod accounts;
pub mod artifacts;
pub mod blobs;
pub mod chats;
pub mod comments;
pub mod diffs;
pub mod documents;
pub mod items;
pub mod likes;
pub mod listings;
pub mod merges;
pub mod messages;
pub mod profiles;
pub mod projects;
pub mod records;
pub mod runs;
pub mod uploads;
pub mod versions;
