//! What the older systems' schemas look like to the import: their tables in an order in which references are met.

use clap::ValueEnum;
use shared::model::uploads::Purpose;

/// A document that describes an older system's schema.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Document {
    /// Artifacts and profiles.
    Storage,
    /// The same with lineage and audit columns.
    Canonical,
    /// The backend's database, the frontend's, or both in one.
    Craftlive,
    /// December AI Builder.
    December,
    /// AIO Creative Hub.
    Aio,
}

impl Document {
    /// The lens that stands for it.
    pub(crate) fn lens(self) -> &'static Lens {
        match self {
            Self::Storage | Self::Canonical => &STORAGE,
            Self::Craftlive => &CRAFTLIVE,
            Self::December => &DECEMBER,
            Self::Aio => &AIO,
        }
    }
}

/// A schema of views with the names of an older system.
pub(crate) struct Lens {
    /// The schema.
    pub(crate) name: &'static str,
    /// Its tables: none before those that it refers to.
    pub(crate) relations: &'static [Relation],
}

/// A table of an older system, and the view that stands for it.
pub(crate) struct Relation {
    /// The view's name.
    pub(crate) name: &'static str,
    /// What else the table is called, as frameworks name tables differently.
    pub(crate) aliases: &'static [&'static str],
    /// The column that identifies a row.
    pub(crate) key: &'static str,
    /// Columns that come before the key in the order in which rows are read.
    pub(crate) before_key: &'static [&'static str],
    /// Columns that leave the source as a SHA-256 only.
    pub(crate) secrets: &'static [&'static str],
    /// Columns that name files.
    pub(crate) files: &'static [FileColumn],
}

/// A column that names a file.
pub(crate) struct FileColumn {
    /// The column.
    pub(crate) column: &'static str,
    /// Where the column is JSON: the member that is the name.
    pub(crate) member: Option<&'static str>,
    /// What its files are for, which says what is accepted.
    pub(crate) purpose: Purpose,
    /// SQL: who owns the row `known` of the view.
    pub(crate) owner: &'static str,
}

impl FileColumn {
    /// What reports call it.
    pub(crate) fn name(&self) -> String {
        self.member.map_or_else(|| self.column.to_owned(), |member| format!("{}.{member}", self.column))
    }
}

const fn relation(name: &'static str) -> Relation {
    Relation { name, aliases: &[], key: "id", before_key: &[], secrets: &[], files: &[] }
}

const fn file(column: &'static str, purpose: Purpose, owner: &'static str) -> FileColumn {
    FileColumn { column, member: None, purpose, owner }
}

const STORAGE: Lens = Lens {
    name: "storage",
    relations: &[
        Relation {
            key: "user_id",
            files: &[file("avatar_url", Purpose::Avatar, "known.user_id")],
            ..relation("profiles")
        },
        relation("artifacts"),
        // An artifact's versions follow each other, so that each is stored as what it changes of the one before.
        Relation { before_key: &["artifact_id", "version_index"], ..relation("artifact_versions") },
        Relation {
            key: "artifact_id",
            files: &[
                file("screenshot_url", Purpose::Screenshot, MEDIA_OWNER),
                file("thumb_url", Purpose::Screenshot, MEDIA_OWNER),
            ],
            ..relation("artifact_media")
        },
    ],
};

const MEDIA_OWNER: &str =
    "(select artifacts.owner_user_id from storage.artifacts where artifacts.id = known.artifact_id)";

const CRAFTLIVE: Lens = Lens {
    name: "craftlive",
    relations: &[
        Relation { aliases: &["users"], ..relation("user") },
        Relation { aliases: &["threads", "chat_threads"], ..relation("thread") },
        Relation { aliases: &["messages", "chat_messages"], ..relation("message") },
        Relation { aliases: &["messageattachment", "message_attachments"], ..relation("message_attachment") },
        Relation { aliases: &["messageartifact", "message_artifacts"], ..relation("message_artifact") },
        Relation { aliases: &["projects"], ..relation("project") },
        Relation { aliases: &["generationrun", "generation_runs"], ..relation("generation_run") },
        Relation {
            aliases: &["artifactrecord", "artifact_records"],
            files: &[FileColumn { member: Some("bundle_ref"), ..file("content", Purpose::File, RECORD_OWNER) }],
            ..relation("artifact_record")
        },
        Relation { aliases: &["documents"], ..relation("document") },
        Relation { aliases: &["items"], ..relation("item") },
    ],
};

const RECORD_OWNER: &str = "(
    select project.owner_id
    from craftlive.generation_run
    join craftlive.project on project.id = generation_run.project_id
    where generation_run.id = known.run_id
)";

const DECEMBER: Lens = Lens {
    name: "december",
    relations: &[
        Relation { files: &[file("avatar_url", Purpose::Avatar, "known.id")], ..relation("users") },
        relation("containers"),
        Relation { secrets: &["token"], ..relation("sessions") },
        relation("projects"),
        relation("chat_messages"),
        relation("file_storage"),
    ],
};

const AIO: Lens = Lens {
    name: "aio",
    relations: &[
        Relation { files: &[file("avatar_url", Purpose::Avatar, "known.id")], ..relation("users") },
        relation("sessions"),
        relation("chat_sessions"),
        relation("messages"),
        relation("messages_archive"),
        Relation { files: &[file("file_path", Purpose::ArtifactFile, "known.user_id")], ..relation("artifacts") },
        relation("tools_usage"),
        relation("google_drive_files"),
    ],
};
