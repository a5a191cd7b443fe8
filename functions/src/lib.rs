//! The table of contents: every endpoint, once. `resource::verb::Type` is the file `resource/verb.rs` and the binary
//! `resource-verb`; `cargo xtask generate` makes all else of this list.

/// Declares the modules of the list, and the list itself.
macro_rules! endpoints {
    ($($(#[$doc:meta])* $resource:ident { $($verb:ident :: $endpoint:ident),* $(,)? })*) => {
        $($(#[$doc])* pub mod $resource { $(pub mod $verb;)* })*

        /// Every endpoint of the API.
        #[must_use]
        pub fn endpoints() -> Vec<shared::Entry> {
            vec![$($(shared::Entry::of::<$resource::$verb::$endpoint>(stringify!($resource), stringify!($verb))),*),*]
        }
    };
}

endpoints! {
    /// /v1/users
    users {
        create::CreateUser, read::ReadUser, update::UpdateUser, stats::ReadUserStats, activity::ReadUserActivity,
        list::ListUsers, administer::AdministerUser,
    }
    /// /v1/sessions
    sessions {
        create::CreateSession, list::ListSessions, delete_current::DeleteCurrentSession, delete::DeleteSession,
    }
    /// /v1/profiles
    profiles {
        list::ListProfiles, put::PutProfile, read_me::ReadOwnProfile, read::ReadProfile, artifacts::ListProfileArtifacts,
        put_avatar::PutAvatar, delete_avatar::DeleteAvatar,
    }
    /// /v1/uploads
    uploads { create::CreateUpload, read::ReadUpload, complete::CompleteUpload, delete::DeleteUpload }
    /// /v1/blobs
    blobs { read::ReadBlob }
    /// /v1/artifacts
    artifacts {
        create::CreateArtifact, list::ListArtifacts, read::ReadArtifact, update::UpdateArtifact, delete::DeleteArtifact,
        undelete::UndeleteArtifact, fork::ForkArtifact, forks::ListForks, tree::ListTree, lineage::ReadLineage,
        diff::DiffArtifact,
    }
    /// /v1/artifacts/{id}/versions
    versions {
        create::CreateVersion, list::ListVersions, read::ReadVersion, file::ReadFile, chat::ReadVersionChat,
        restore::RestoreVersion,
    }
    /// /v1/artifacts/{id}/merges
    merges { create::CreateMerge }
    /// /v1/artifacts/{id}/media
    media { put::PutMedia, read::ReadMedia, delete::DeleteMedia }
    /// /v1/artifacts/{id}/likes
    likes { put::PutLike, delete::DeleteLike, list::ListLikes }
    /// /v1/artifacts/{id}/imports
    imports { create::CreateImport }
    /// /v1/artifacts/{id}/comments and /v1/comments
    comments {
        create::CreateComment, list::ListComments, read::ReadComment, update::UpdateComment, delete::DeleteComment,
    }
    /// /v1/chats
    chats {
        create::CreateChat, list::ListChats, read::ReadChat, update::UpdateChat, delete::DeleteChat,
        project::ResolveProject, export::ExportChat, import::ImportChats,
    }
    /// /v1/messages, /v1/chats/{id}/messages
    messages {
        create::CreateMessage, list::ListMessages, search::SearchMessages, read::ReadMessage, delete::DeleteMessage,
        edit::EditMessage, put_artifact::PutMessageArtifact, read_artifact::ReadMessageArtifact,
    }
    /// /v1/messages/{id}/attachments
    attachments { create::CreateAttachment, list::ListAttachments }
    /// /v1/shares, /v1/shared/{token}
    shares {
        create::CreateShare, list::ListShares, delete::DeleteShare, open::OpenShare, messages::ListSharedMessages,
        file::ReadSharedFile,
    }
    /// /v1/projects
    projects {
        create::CreateProject, list::ListProjects, read::ReadProject, update::UpdateProject, delete::DeleteProject,
    }
    /// /v1/runs, /v1/projects/{id}/runs
    runs { create::CreateRun, list::ListRuns, read::ReadRun, transition::TransitionRun }
    /// /v1/records, /v1/runs/{id}/records
    records { create::CreateRecord, list::ListRecords, read::ReadRecord }
    /// /v1/documents, /v1/projects/{id}/documents
    documents { create::CreateDocument, list::ListDocuments, read::ReadDocument, delete::DeleteDocument }
    /// /v1/items
    items { create::CreateItem, list::ListItems, read::ReadItem, update::UpdateItem, delete::DeleteItem }
    /// /v1/containers
    containers {
        create::CreateContainer, list::ListContainers, read::ReadContainer, update::UpdateContainer,
        delete::DeleteContainer, transition::TransitionContainer,
    }
    /// /v1/files, /v1/containers/{id}/files
    files {
        put::PutFile, list::ListFiles, read::ReadContainerFile, delete::DeleteFile, history::ListFileVersions,
    }
    /// /v1/containers/{id}/checkpoints
    checkpoints { create::CreateCheckpoint, list::ListCheckpoints, restore::RestoreCheckpoint }
    /// /v1/tools
    tools { record::RecordToolUse, usage::ListToolUses, stats::ReadToolStats }
    /// /v1/drive
    drive {
        put_connection::ConnectDrive, read_connection::ReadDriveConnection, delete_connection::DisconnectDrive,
        sync::SyncDrive, export::ExportToDrive, list::ListDriveFiles, read::ReadDriveFile, delete::DeleteDriveFile,
    }
    /// /v1/admin
    admin { stats::ReadAdminStats, read_retention::ReadRetention, put_retention::PutRetention }
    /// The service itself
    service { health::ReadHealth, openapi::ReadOpenapi, index::ReadIndex }
}
