//! Each endpoint, from outside: `resource/verb.rs` tests `functions/src/resource/verb.rs`.
//! Generated from functions/src/lib.rs by `cargo xtask generate`.

mod idempotency;

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

mod attachments {
    mod create;
    mod list;
}

mod blobs {
    mod read;
}

mod chats {
    mod create;
    mod export;
    mod import;
    mod list;
}

mod media {
    mod put;
    mod read;
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

mod uploads {
    mod complete;
    mod create;
    mod delete;
    mod read;
}

mod users {
    mod create;
    mod read;
    mod update;
}

mod versions {
    mod create;
    mod file;
    mod list;
    mod read;
}
