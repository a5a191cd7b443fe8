//! Each endpoint, from outside: `resource/verb.rs` tests `functions/src/resource/verb.rs`.
//! Generated from functions/src/lib.rs by `cargo xtask generate`.

mod idempotency;

mod admin {
    mod put_retention;
    mod read_retention;
    mod stats;
}

mod artifacts {
    mod create;
    mod delete;
    mod diff;
    mod fork;
    mod forks;
    mod lineage;
    mod list;
    mod read;
    mod tree;
    mod undelete;
    mod update;
}

mod attachments {
    mod create;
    mod list;
}

mod blobs {
    mod read;
}

mod chats {
    mod create;
    mod delete;
    mod export;
    mod import;
    mod list;
    mod project;
    mod read;
    mod update;
}

mod checkpoints {
    mod create;
    mod list;
    mod restore;
}

mod comments {
    mod create;
    mod delete;
    mod list;
    mod read;
    mod update;
}

mod containers {
    mod create;
    mod delete;
    mod list;
    mod read;
    mod transition;
    mod update;
}

mod documents {
    mod create;
    mod delete;
    mod list;
    mod read;
}

mod drive {
    mod delete;
    mod delete_connection;
    mod export;
    mod list;
    mod put_connection;
    mod read;
    mod read_connection;
    mod sync;
}

mod files {
    mod delete;
    mod history;
    mod list;
    mod put;
    mod read;
}

mod imports {
    mod create;
}

mod items {
    mod create;
    mod delete;
    mod list;
    mod read;
    mod update;
}

mod likes {
    mod delete;
    mod list;
    mod put;
}

mod media {
    mod delete;
    mod put;
    mod read;
}

mod merges {
    mod create;
}

mod messages {
    mod create;
    mod delete;
    mod edit;
    mod list;
    mod put_artifact;
    mod read;
    mod read_artifact;
    mod search;
}

mod profiles {
    mod artifacts;
    mod delete_avatar;
    mod list;
    mod put;
    mod put_avatar;
    mod read;
    mod read_me;
}

mod projects {
    mod create;
    mod delete;
    mod list;
    mod read;
    mod update;
}

mod records {
    mod create;
    mod list;
    mod read;
}

mod runs {
    mod create;
    mod list;
    mod read;
    mod transition;
}

mod service {
    mod health;
    mod index;
    mod openapi;
}

mod sessions {
    mod create;
    mod delete;
    mod delete_current;
    mod list;
}

mod shares {
    mod create;
    mod delete;
    mod file;
    mod list;
    mod messages;
    mod open;
}

mod tools {
    mod record;
    mod stats;
    mod usage;
}

mod uploads {
    mod complete;
    mod create;
    mod delete;
    mod read;
}

mod users {
    mod activity;
    mod administer;
    mod create;
    mod list;
    mod read;
    mod stats;
    mod update;
}

mod versions {
    mod chat;
    mod create;
    mod file;
    mod list;
    mod read;
    mod restore;
}
