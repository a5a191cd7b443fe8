//! Secrets that must be kept: sealed before they reach the database, with keys that are not in it.
//!
//! AES-256-GCM under a random nonce. What a secret is for and whose it is are its associated data, so that it opens nowhere
//! else, whoever moves rows about. Of several keys the first seals, and all open.

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use ring::aead;
use uuid::Uuid;

use crate::Problem;

/// The keys, the newest first.
pub struct Keyring(Vec<(String, aead::LessSafeKey)>);

/// A secret that can be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Which key sealed it.
    pub key_id: String,
    /// A nonce, then the ciphertext with its tag.
    pub bytes: Vec<u8>,
}

/// Why a secret does not open.
#[derive(Debug, PartialEq, Eq)]
pub enum SealError {
    /// The key that sealed it is none of ours.
    UnknownKey(String),
    /// It has been changed, or is another's, or for something else.
    Broken,
}

impl fmt::Display for SealError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey(id) => {
                write!(formatter, "a secret is sealed with the key {id:?}, which is not configured")
            }
            Self::Broken => {
                formatter.write_str("a sealed secret does not open: it is not what was sealed for this user")
            }
        }
    }
}

impl std::error::Error for SealError {}

impl FromStr for Keyring {
    type Err = String;

    /// Reads `<id>:<32 bytes in base64>`, the newest first, with commas between.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut keys: Vec<(String, aead::LessSafeKey)> = Vec::new();
        for part in text.split(',') {
            let (id, key) = part.trim().split_once(':').ok_or("each key needs an id before a colon")?;
            if !(1..=32).contains(&id.len()) || !id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
                return Err("a key's id must have 1 to 32 letters, digits, hyphens, dots or underscores".to_owned());
            }
            if keys.iter().any(|(known, _)| known == id) {
                return Err(format!("the key {id} comes twice"));
            }
            let wrong = || format!("the key {id} must be 32 bytes in base64");
            let key = BASE64_STANDARD.decode(key).map_err(|_| wrong())?;
            let key = aead::UnboundKey::new(&aead::AES_256_GCM, &key).map_err(|_| wrong())?;
            keys.push((id.to_owned(), aead::LessSafeKey::new(key)));
        }
        Ok(Self(keys))
    }
}

/// What a secret is bound to. The id has a fixed length, so that no two pairs give the same.
fn bound_to(purpose: &str, owner: Uuid) -> aead::Aad<Vec<u8>> {
    aead::Aad::from([owner.as_bytes(), purpose.as_bytes()].concat())
}

impl Keyring {
    /// Seals a secret with the newest key.
    pub fn seal(&self, purpose: &str, owner: Uuid, secret: &str) -> Result<Sealed, Problem> {
        let (key_id, key) = self.0.first().ok_or_else(|| Problem::internal(anyhow::anyhow!("there is no key")))?;
        let mut nonce = [0; aead::NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|error| Problem::internal(anyhow::anyhow!("no randomness: {error}")))?;
        let mut sealed = secret.as_bytes().to_vec();
        key.seal_in_place_append_tag(aead::Nonce::assume_unique_for_key(nonce), bound_to(purpose, owner), &mut sealed)
            .map_err(|_| Problem::internal(anyhow::anyhow!("a secret cannot be sealed")))?;
        Ok(Sealed { key_id: key_id.clone(), bytes: [nonce.as_slice(), &sealed].concat() })
    }

    /// Opens a secret that was sealed for this, with any of the keys.
    pub fn open(&self, purpose: &str, owner: Uuid, sealed: &Sealed) -> Result<String, SealError> {
        let (_, key) = self
            .0
            .iter()
            .find(|(id, _)| *id == sealed.key_id)
            .ok_or_else(|| SealError::UnknownKey(sealed.key_id.clone()))?;
        let (nonce, bytes) = sealed.bytes.split_at_checked(aead::NONCE_LEN).ok_or(SealError::Broken)?;
        let nonce = aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Broken)?;
        let mut bytes = bytes.to_vec();
        let opened = key.open_in_place(nonce, bound_to(purpose, owner), &mut bytes).map_err(|_| SealError::Broken)?;
        String::from_utf8(opened.to_vec()).map_err(|_| SealError::Broken)
    }

    /// Whether a secret is sealed with another key than the newest, and should be sealed anew.
    #[must_use]
    pub fn is_old(&self, sealed: &Sealed) -> bool {
        self.0.first().is_none_or(|(id, _)| *id != sealed.key_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "first:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const SECOND: &str = "second:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn keyring(text: &str) -> Keyring {
        text.parse().expect("keys")
    }

    #[test]
    fn a_secret_opens_for_whom_and_what_it_was_sealed() {
        let (keys, ada, bob) = (keyring(FIRST), Uuid::now_v7(), Uuid::now_v7());
        let sealed = keys.seal("token", ada, "1//secret").expect("sealed");
        assert_eq!(keys.open("token", ada, &sealed).as_deref(), Ok("1//secret"));
        assert_eq!(keys.open("token", bob, &sealed), Err(SealError::Broken));
        assert_eq!(keys.open("session", ada, &sealed), Err(SealError::Broken));
        assert!(!sealed.bytes.windows(6).any(|window| window == b"secret"));
        assert_ne!(sealed, keys.seal("token", ada, "1//secret").expect("sealed"), "no nonce comes twice");
        let empty = keys.seal("token", ada, "").expect("sealed");
        assert_eq!(keys.open("token", ada, &empty).as_deref(), Ok(""));
    }

    #[test]
    fn whatever_is_changed_does_not_open() {
        let (keys, ada) = (keyring(FIRST), Uuid::now_v7());
        let sealed = keys.seal("token", ada, "1//secret").expect("sealed");
        for index in 0..sealed.bytes.len() {
            let mut tampered = sealed.clone();
            tampered.bytes[index] ^= 1;
            assert_eq!(keys.open("token", ada, &tampered), Err(SealError::Broken), "{index}");
            let cut = Sealed { bytes: sealed.bytes[..index].to_vec(), ..sealed.clone() };
            assert_eq!(keys.open("token", ada, &cut), Err(SealError::Broken), "{index}");
        }
    }

    #[test]
    fn the_newest_key_seals_and_all_open() {
        let (old, both, new) = (keyring(FIRST), keyring(&format!("{SECOND}, {FIRST}")), keyring(SECOND));
        let ada = Uuid::now_v7();
        let before = old.seal("token", ada, "a").expect("sealed");
        let after = both.seal("token", ada, "b").expect("sealed");
        assert_eq!((before.key_id.as_str(), after.key_id.as_str()), ("first", "second"));
        assert_eq!(both.open("token", ada, &before).as_deref(), Ok("a"));
        assert_eq!(both.open("token", ada, &after).as_deref(), Ok("b"));
        assert_eq!((both.is_old(&before), both.is_old(&after)), (true, false));
        assert_eq!(new.open("token", ada, &before), Err(SealError::UnknownKey("first".to_owned())));
        let renamed = Sealed { key_id: "second".to_owned(), ..before };
        assert_eq!(both.open("token", ada, &renamed), Err(SealError::Broken));
    }

    #[test]
    fn keys_are_checked() {
        let (short, twice) = ("a:AAAA", format!("{FIRST},{FIRST}"));
        for wrong in ["", "first", short, "a:!", ":AAAA", "a b:AAAA", &twice, &format!("{FIRST},")] {
            assert!(wrong.parse::<Keyring>().is_err(), "{wrong:?}");
        }
    }
}
