//! Who is calling: bearer tokens and passwords.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp};

use crate::{
    endpoint::Access,
    problem::{self, Problem},
    text::Sha256,
};

/// How long a session lasts after sign-in.
const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// 256 random bits that we show once and keep only the SHA-256 of.
pub struct Secret {
    /// What is shown.
    pub text: String,
    /// What the database keeps.
    pub hash: Sha256,
}

impl Secret {
    /// Draws a new one, to be recognized by how it begins.
    pub fn draw(prefix: &str) -> Result<Self, Problem> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|error| Problem::internal(anyhow::anyhow!("no randomness: {error}")))?;
        let text = format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(random));
        let hash = Sha256::of(text.as_bytes());
        Ok(Self { text, hash })
    }
}

/// A new session's token.
pub struct Token {
    /// What the caller sends as `Authorization: Bearer`.
    pub secret: String,
    /// What the database keeps.
    pub hash: Sha256,
    /// When the session ends.
    pub expires_at: Timestamp,
}

impl Token {
    /// Draws a new one.
    pub fn new() -> Result<Self, Problem> {
        let Secret { text: secret, hash } = Secret::draw("atelier_")?;
        // The database keeps microseconds: what we say now is what it says later.
        let now = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).map_err(Problem::internal)?;
        Ok(Self { secret, hash, expires_at: now + SESSION_LIFETIME })
    }
}

/// The hash of the bearer token, if the endpoint looks at one and the request carries one.
pub(crate) fn bearer(access: Access, headers: &HeaderMap) -> Result<Option<Sha256>, Problem> {
    let refused = || Problem::new(&problem::UNAUTHENTICATED, problem::UNAUTHENTICATED.title);
    if access == Access::Anyone {
        return Ok(None);
    }
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return if access == Access::Optional { Ok(None) } else { Err(refused()) };
    };
    let (scheme, token) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(refused)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refused());
    }
    Ok(Some(Sha256::of(token.trim().as_bytes())))
}

/// Argon2id with the OWASP minimum, 19 MiB, two passes, one lane: the crate's own default.
fn argon2() -> Argon2<'static> {
    Argon2::default()
}

/// Hashes a new password, away from the thread that serves other requests.
pub async fn hash_password(password: String) -> Result<String, Problem> {
    off_thread(move || {
        argon2()
            .hash_password(password.as_bytes())
            .map(|hash| hash.to_string())
            .map_err(|error| Problem::internal(anyhow::anyhow!("cannot hash a password: {error}")))
    })
    .await?
}

/// Whether a password is the hashed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is not, or there is no hash.
    Wrong,
    /// It is.
    Right,
    /// It is, and the hash is another system's, which an import brought: hash the password anew.
    RightButForeign,
}

/// The most rounds of bcrypt, as a power of two, that we go through for a sign-in: about a second.
const MAX_BCRYPT_COST: u32 = 14;

/// Whether the password is the hashed one. Without a hash it takes as long and says no, so that nobody learns from
/// the time it takes which addresses have accounts.
pub async fn verify_password(password: String, hash: Option<String>) -> Result<Verdict, Problem> {
    off_thread(move || {
        let hash = hash.unwrap_or_default();
        if let Ok(hash) = PasswordHash::new(&hash)
            && hash.algorithm.as_str().starts_with("argon2")
        {
            let is_right = argon2().verify_password(password.as_bytes(), &hash).is_ok();
            return if is_right { Verdict::Right } else { Verdict::Wrong };
        }
        if let Ok(parts) = hash.parse::<bcrypt::HashParts>()
            && parts.get_cost() <= MAX_BCRYPT_COST
        {
            let is_right = bcrypt::verify(password.as_bytes(), &hash).unwrap_or(false);
            return if is_right { Verdict::RightButForeign } else { Verdict::Wrong };
        }
        // A hash that we cannot read fits no password.
        let _ = argon2().hash_password(password.as_bytes());
        Verdict::Wrong
    })
    .await
}

/// Runs what would keep the only thread busy for milliseconds on one of its own.
pub async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(Problem::internal)
}
