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
    mod fork;
    mod forks;
    mod lineage;
    mod list;
    mod read;
    mod update;
}

mod blobs {
    mod read;
}

mod chats {
    mod create;
    mod list;
}

mod checkpoints {
    mod create;
    mod list;
    mod restore;
}

mod containers {
    mod create;
    mod delete;
    mod list;
    mod read;
    mod transition;
    mod update;
}

mod files {
    mod delete;
    mod history;
    mod list;
    mod put;
    mod read;
}

mod media {
    mod put;
    mod read;
}

mod messages {
    mod create;
    mod list;
}

mod profiles {
    mod delete_avatar;
    mod put;
    mod put_avatar;
    mod read;
    mod read_me;
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
    mod create;
    mod file;
    mod list;
    mod read;
}
