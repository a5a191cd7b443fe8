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
    users { create::CreateUser, read::ReadUser, update::UpdateUser }
    /// /v1/sessions
    sessions {
        create::CreateSession, list::ListSessions, delete_current::DeleteCurrentSession, delete::DeleteSession,
    }
    /// /v1/profiles
    profiles {
        put::PutProfile, read_me::ReadOwnProfile, read::ReadProfile, put_avatar::PutAvatar, delete_avatar::DeleteAvatar,
    }
    /// /v1/uploads
    uploads { create::CreateUpload, read::ReadUpload, complete::CompleteUpload, delete::DeleteUpload }
    /// /v1/blobs
    blobs { read::ReadBlob }
    /// /v1/artifacts
    artifacts {
        create::CreateArtifact, list::ListArtifacts, read::ReadArtifact, update::UpdateArtifact, delete::DeleteArtifact,
        fork::ForkArtifact, forks::ListForks, lineage::ReadLineage,
    }
    /// /v1/artifacts/{id}/versions
    versions { create::CreateVersion, list::ListVersions, read::ReadVersion, file::ReadFile }
    /// /v1/artifacts/{id}/media
    media { put::PutMedia, read::ReadMedia }
    /// /v1/chats
    chats { create::CreateChat, list::ListChats, export::ExportChat, import::ImportChats }
    /// /v1/messages, /v1/chats/{id}/messages
    messages {
        create::CreateMessage, list::ListMessages, search::SearchMessages, read::ReadMessage, delete::DeleteMessage,
        edit::EditMessage, put_artifact::PutMessageArtifact, read_artifact::ReadMessageArtifact,
    }
    /// /v1/messages/{id}/attachments
    attachments { create::CreateAttachment, list::ListAttachments }
    /// The service itself
    service { health::ReadHealth, openapi::ReadOpenapi, index::ReadIndex }
}
