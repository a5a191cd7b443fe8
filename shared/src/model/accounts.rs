//! Accounts and their sessions.

use std::net::IpAddr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Resource, Sql, from_row,
    identity::Token,
    page::{Cursor, Keyset},
    sql,
};

/// An account.
#[derive(Debug, Serialize, JsonSchema)]
pub struct User {
    /// Identifier.
    pub id: Uuid,
    /// Address to sign in with; nobody else sees it.
    pub email: String,
    /// Full name.
    pub name: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// Whatever the client keeps for this user.
    #[schemars(with = "crate::text::Object")]
    pub preferences: Value,
    /// Whether the account can be used.
    pub is_active: bool,
    /// Whether the account may do what administrators do.
    pub is_superuser: bool,
    /// The profile's public name.
    pub handle: String,
    /// When the user last signed in.
    pub last_login_at: Option<Timestamp>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When the account was last changed.
    pub updated_at: Timestamp,
    /// Number of changes.
    #[serde(skip)]
    #[schemars(skip)]
    pub revision: i64,
}

from_row!(User {
    id,
    email,
    name,
    given_name,
    family_name,
    preferences,
    is_active,
    is_superuser,
    handle,
    last_login_at,
    created_at,
    updated_at,
    revision,
});

impl Resource for User {
    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }

    fn location(&self) -> Option<String> {
        Some("/v1/users/me".to_owned())
    }
}

impl Keyset for User {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}

/// The columns of [`User`], to follow `select`.
pub const USER: &str = "
    users.id, users.email, users.name, users.given_name, users.family_name, users.preferences, users.is_active,
    users.is_superuser, profiles.handle, users.last_login_at, users.created_at, users.updated_at, users.revision
from users
join profiles on profiles.user_id = users.id
";

/// The caller's account.
#[must_use]
pub fn select_me() -> Sql {
    sql(format!("select {USER} where users.id = auth.uid()"))
}

/// The caller's id, if they are a superuser. Others find no row, and so are told nothing.
#[must_use]
pub fn select_superuser() -> Sql {
    sql("select auth.uid() as id where auth.is_superuser()")
}

/// The session just made, with the token that is shown this once.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewSession {
    /// Identifier.
    pub id: Uuid,
    /// Send it as `Authorization: Bearer <token>`. It is shown here once, and stored nowhere.
    pub token: String,
    /// When the session ends.
    pub expires_at: Timestamp,
}

/// Who signed in, and the session they have now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SignedIn {
    /// The account.
    pub user: User,
    /// The session.
    pub session: NewSession,
}

impl Resource for SignedIn {
    fn location(&self) -> Option<String> {
        Some("/v1/users/me".to_owned())
    }
}

impl SignedIn {
    /// The reply to a transaction that made a session and went on as its user.
    pub fn new(user: User, session_id: Uuid, token: Token) -> Self {
        Self { user, session: NewSession { id: session_id, token: token.secret, expires_at: token.expires_at } }
    }
}

/// The id of the session this transaction runs as.
#[must_use]
pub fn select_session_id() -> Sql {
    sql("select auth.session_id() as id")
}

/// A row that is an id.
#[derive(Debug)]
pub struct Id {
    /// The id.
    pub id: Uuid,
}

from_row!(Id { id });

/// One of the caller's sign-ins.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Session {
    /// Identifier.
    pub id: Uuid,
    /// Where it was begun from, as far as known.
    pub ip_address: Option<IpAddr>,
    /// What it was begun with.
    pub user_agent: Option<String>,
    /// Whether it is the one that asks.
    pub is_current: bool,
    /// When it was last used, to the minute.
    pub last_activity_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was begun.
    pub created_at: Timestamp,
}

from_row!(Session { id, ip_address, user_agent, is_current, last_activity_at, expires_at, created_at });

impl Keyset for Session {
    fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, id: self.id }
    }
}
