//! Every way a request can fail: one table, answered as RFC 9457 `application/problem+json`.

use std::{borrow::Cow, fmt};

use http::{StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{database::DatabaseError, model::merges::FileConflict};

/// A row of the table of problems.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Stable name, for programs.
    pub code: &'static str,
    /// HTTP status, the body's and the response's alike.
    pub status: u16,
    /// What it means in general, for people.
    pub title: &'static str,
}

macro_rules! problems {
    ($($name:ident $status:literal $code:literal $title:literal)*) => {
        $(#[doc = $title] pub const $name: Kind = Kind { code: $code, status: $status, title: $title };)*

        /// The whole table.
        pub const PROBLEMS: &[&Kind] = &[$(&$name),*];
    };
}

problems! {
    MALFORMED 400 "malformed" "The request cannot be read."
    UNAUTHENTICATED 401 "unauthenticated" "A valid bearer token is required."
    WRONG_CREDENTIALS 401 "wrong_credentials" "No account has this e-mail address and password."
    SHARE_PASSWORD_REQUIRED 401 "share_password_required" "The link opens with a password only: send it in Share-Password."
    SHARE_PASSWORD_WRONG 401 "share_password_wrong" "The password in Share-Password is not that of the link."
    SHARE_VIEW_REQUIRED 401 "share_view_required" "Open the link first, and send the view that it gives in Share-View."
    NOT_FOUND 404 "not_found" "There is no such resource, or it is not yours to see."
    CONFLICT 409 "conflict" "The request contradicts the present state of the resource."
    NOT_A_FORK 409 "not_a_fork" "The artifact is no fork: there is no source to merge from."
    MERGE_CONFLICT 409 "merge_conflict" "The fork and its source changed the same, each in its own way."
    EMAIL_TAKEN 409 "email_taken" "An account with this e-mail address exists."
    HANDLE_TAKEN 409 "handle_taken" "Another profile has this handle."
    UPLOAD_INCOMPLETE 409 "upload_incomplete" "The bytes have not arrived, or not all of them."
    UPLOAD_MISMATCH 409 "upload_mismatch" "The bytes in the bucket are not the ones declared."
    UPLOAD_EXPIRED 409 "upload_expired" "The upload was declared too long ago."
    ARCHIVED 409 "archived" "The project is archived: nothing of it changes until it is active again."
    DRIVE_NOT_CONFIGURED 409 "drive_not_configured" "This service has no Google Drive set up."
    DRIVE_NOT_CONNECTED 409 "drive_not_connected" "Google Drive is not connected, or asks for consent anew."
    PORTS_EXHAUSTED 409 "ports_exhausted" "Every port of the range is in use."
    IDEMPOTENCY_KEY_IN_USE 409 "idempotency_key_in_use" "The first request with this Idempotency-Key is still running."
    SHARE_EXPIRED 410 "share_expired" "The link has expired."
    SHARE_GONE 410 "share_gone" "What the link led to is there no longer."
    SHARE_REVOKED 410 "share_revoked" "The link was revoked."
    SHARE_SPENT 410 "share_spent" "The link was opened as often as it may be."
    STALE 412 "stale" "The resource has changed since the ETag in If-Match."
    TOO_LARGE 413 "too_large" "The request is too large."
    UNSUPPORTED_TYPE 415 "unsupported_type" "The body must be application/json."
    INVALID 422 "invalid" "The request is well-formed, but some of its fields are not valid."
    INVALID_REFERENCE 422 "invalid_reference" "A field names something that does not exist or is not yours."
    TOO_MUCH 422 "too_much" "That is more than one request can do: ask for less at once."
    INVALID_IMAGE 422 "invalid_image" "The bytes are not an image that can be shown."
    IDEMPOTENCY_KEY_REUSED 422 "idempotency_key_reused" "This Idempotency-Key was used for another request."
    PRECONDITION_REQUIRED 428 "precondition_required" "If-Match with the ETag last read is required."
    SHARE_LOCKED 429 "share_locked" "Too many wrong passwords were tried for this link."
    INTERNAL 500 "internal" "Something failed on our side."
    UNAVAILABLE 503 "unavailable" "The database or the bucket is away for the moment."
}

/// How the database says that an earlier reply is to be given again; never sent to a client.
pub(crate) const IDEMPOTENCY_REPLAY: &str = "idempotency_replay";

/// A field at fault.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FieldError {
    /// Where: a JSON pointer (RFC 6901) into the body; `/query/…`, `/path/…` or `/headers/…` outside of it.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

/// A request that failed: what the caller learns, and apart from it what the operator does.
#[derive(Debug)]
pub struct Problem {
    kind: &'static Kind,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    conflicts: Vec<FileConflict>,
    retry_after: Option<i32>,
    cause: Option<anyhow::Error>,
}

/// What a [`Problem`] looks like to a client.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem", description = "RFC 9457 problem details.")]
pub struct ProblemBody {
    /// `urn:atelier:problem:` and the code.
    r#type: String,
    /// What this kind of problem means in general.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What went wrong this time.
    detail: String,
    /// Stable name of this kind of problem.
    code: &'static str,
    /// The fields at fault, where there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    errors: Vec<FieldError>,
    /// The files that cannot be merged; only of a `merge_conflict`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    conflicts: Vec<FileConflict>,
}

impl Problem {
    /// A problem of this kind; `detail` says what went wrong this time.
    #[must_use]
    pub fn new(kind: &'static Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), conflicts: Vec::new(), retry_after: None, cause: None }
    }

    /// The resource does not exist, or is someone else's: callers cannot tell which.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(&NOT_FOUND, NOT_FOUND.title)
    }

    /// One field is not valid.
    #[must_use]
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(&INVALID, INVALID.title).at(pointer, detail)
    }

    /// Our own fault: the cause goes to the log, the caller learns only that.
    #[must_use]
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::new(&INTERNAL, INTERNAL.title).because(cause)
    }

    /// The database or the bucket did not answer.
    #[must_use]
    pub fn unavailable(cause: impl Into<anyhow::Error>) -> Self {
        Self::new(&UNAVAILABLE, UNAVAILABLE.title).because(cause)
    }

    /// Names a field at fault.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// Both sides of a merge changed these files, each in its own way.
    #[must_use]
    pub fn merge_conflict(conflicts: Vec<FileConflict>) -> Self {
        Self { conflicts, ..Self::new(&MERGE_CONFLICT, MERGE_CONFLICT.title) }
    }

    /// Says in how many seconds trying again may help.
    #[must_use]
    pub fn retry_after(mut self, seconds: i32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Adds the cause that the operator's log will show.
    #[must_use]
    pub fn because(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The row of the table.
    #[must_use]
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// What only the operator may see.
    #[must_use]
    pub fn cause(&self) -> Option<&anyhow::Error> {
        self.cause.as_ref()
    }

    /// The response that says so.
    #[must_use]
    pub fn into_response(self) -> http::Response<bytes::Bytes> {
        let body = ProblemBody {
            r#type: format!("urn:atelier:problem:{}", self.kind.code),
            title: self.kind.title,
            status: self.kind.status,
            detail: self.detail.into_owned(),
            code: self.kind.code,
            errors: self.errors,
            conflicts: self.conflicts,
        };
        let body = serde_json::to_vec(&body).expect("a problem is plain data");
        let mut response = http::Response::new(body.into());
        *response.status_mut() = StatusCode::from_u16(self.kind.status).expect("the table holds valid statuses");
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/problem+json"));
        if self.kind.status == 401 {
            // What opens a link is asked for under a name of our own, so that no browser opens a dialog for it.
            let scheme = if self.kind.code.starts_with("share_") { "Share" } else { "Bearer" };
            headers.insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static(scheme));
        }
        if let Some(seconds) = self.retry_after.or((self.kind.status == 503).then_some(2)) {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.kind.code, self.detail)
    }
}

impl std::error::Error for Problem {}

/// What a violated constraint means to a caller, by the constraint's name.
const CONSTRAINTS: &[(&str, &Kind, &str)] = &[
    ("users_email_key", &EMAIL_TAKEN, "/email"),
    ("profiles_handle_key", &HANDLE_TAKEN, "/handle"),
    ("chats_external_key_key", &CONFLICT, "/external_key"),
    ("chats_container_id_fkey", &INVALID_REFERENCE, "/container_id"),
    ("projects_container_id_fkey", &INVALID_REFERENCE, "/container_id"),
    ("projects_chat_id_key", &CONFLICT, "/chat_id"),
    ("projects_chat_id_fkey", &INVALID_REFERENCE, "/chat_id"),
    ("artifacts_chat_id_fkey", &INVALID_REFERENCE, "/chat_id"),
    ("artifacts_project_id_fkey", &INVALID_REFERENCE, "/project_id"),
    ("messages_parent_id_fkey", &INVALID_REFERENCE, "/parent_id"),
    ("artifact_merges_source_version_id_fkey", &INVALID_REFERENCE, "/version"),
    ("artifact_comments_parent_id_fkey", &INVALID_REFERENCE, "/parent_id"),
    ("artifact_imports_project_id_fkey", &INVALID_REFERENCE, "/project_id"),
    // Swept away between being found and being referred to.
    ("artifact_files_blob_id_fkey", &INVALID_REFERENCE, "/files"),
    ("containers_container_id_key", &CONFLICT, "/container_id"),
    ("files_file_path_key", &CONFLICT, "/path"),
    ("tool_usage_artifact_id_fkey", &INVALID_REFERENCE, "/artifact_id"),
];

impl From<DatabaseError> for Problem {
    fn from(error: DatabaseError) -> Self {
        let DatabaseError::Refused { code, pointer } = &error else {
            return match error.constraint().and_then(|name| CONSTRAINTS.iter().find(|row| row.0 == name)) {
                Some((_, kind, pointer)) => Self::new(kind, kind.title).at(*pointer, kind.title),
                None if error.is_out_of_sight() || error.is_gone() => Self::not_found(),
                None if error.is_unavailable() => Self::unavailable(error),
                None => Self::internal(error),
            };
        };
        match PROBLEMS.iter().find(|kind| kind.code == *code) {
            Some(kind) if pointer.is_empty() => Self::new(kind, kind.title),
            Some(kind) => Self::new(kind, kind.title).at(pointer.as_str(), kind.title),
            None => Self::internal(error),
        }
    }
}
