//! `Idempotency-Key`: a POST sent again is answered again, and not done again.
//!
//! The reply is kept for 24 hours, in the transaction that did the work, sealed with the key itself. The database
//! knows only the key's hash, so that what it holds (a reply may carry a session token) is of no use to a reader.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use ring::{aead, hkdf, hmac};
use serde::{Deserialize, Serialize};

use crate::{problem::Problem, text::Sha256};

/// The request header's name.
pub const HEADER: &str = "idempotency-key";

/// What a request's key is known by, and what it can unseal.
pub struct Key {
    secret: Vec<u8>,
    /// What the database finds it by.
    pub hash: Sha256,
    /// Tells whether a second request with the key is the same one.
    pub fingerprint: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Key {
    /// Reads the header of a POST, if it has one.
    pub(crate) fn of(request: &http::Request<Bytes>) -> Result<Option<Self>, Problem> {
        let Some(value) = request.headers().get(HEADER).filter(|_| request.method() == http::Method::POST) else {
            return Ok(None);
        };
        let key = value.as_bytes();
        if key.is_empty() || key.len() > 255 {
            return Err(Problem::invalid("/headers/idempotency-key", "must have 1 to 255 characters"));
        }
        let mut fingerprint = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
        for part in [request.method().as_str().as_bytes(), request.uri().path().as_bytes(), request.body()] {
            fingerprint.update(&(part.len() as u64).to_be_bytes());
            fingerprint.update(part);
        }
        Ok(Some(Self {
            secret: key.to_vec(),
            hash: Sha256::of(key),
            fingerprint: fingerprint.sign().as_ref().to_vec(),
        }))
    }

    fn cipher(&self) -> Result<aead::LessSafeKey, Problem> {
        let derived = hkdf::Salt::new(hkdf::HKDF_SHA256, b"atelier idempotency").extract(&self.secret);
        let unusable = |_| Problem::internal(anyhow::anyhow!("an idempotency key cannot be derived from"));
        let okm = derived.expand(&[b"reply"], &aead::AES_256_GCM).map_err(unusable)?;
        Ok(aead::LessSafeKey::new(aead::UnboundKey::from(okm)))
    }

    /// Seals a reply for the database: a random nonce, then the ciphertext.
    pub(crate) fn seal(&self, response: &Response<Bytes>) -> Result<Vec<u8>, Problem> {
        let kept = Kept {
            status: response.status().as_u16(),
            headers: response
                .headers()
                .iter()
                .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
                .collect(),
            body: String::from_utf8(response.body().to_vec()).map_err(Problem::internal)?,
        };
        let mut nonce = [0; aead::NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|error| Problem::internal(anyhow::anyhow!("no randomness: {error}")))?;
        let mut sealed = serde_json::to_vec(&kept).map_err(Problem::internal)?;
        self.cipher()?
            .seal_in_place_append_tag(aead::Nonce::assume_unique_for_key(nonce), aead::Aad::empty(), &mut sealed)
            .map_err(|_| Problem::internal(anyhow::anyhow!("a reply cannot be sealed")))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The reply that was sealed.
    pub(crate) fn unseal(&self, sealed: &[u8]) -> Result<Response<Bytes>, Problem> {
        let broken = || Problem::internal(anyhow::anyhow!("a kept reply cannot be unsealed"));
        let (nonce, sealed) = sealed.split_at_checked(aead::NONCE_LEN).ok_or_else(broken)?;
        let nonce = aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let mut sealed = sealed.to_vec();
        let opened = self.cipher()?.open_in_place(nonce, aead::Aad::empty(), &mut sealed).map_err(|_| broken())?;
        let kept: Kept = serde_json::from_slice(opened).map_err(Problem::internal)?;
        let mut response = Response::new(Bytes::from(kept.body));
        *response.status_mut() = StatusCode::from_u16(kept.status).map_err(Problem::internal)?;
        for (name, value) in kept.headers {
            let name = HeaderName::try_from(name).map_err(Problem::internal)?;
            response.headers_mut().insert(name, HeaderValue::try_from(value).map_err(Problem::internal)?);
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str, body: &'static str) -> Key {
        let request = http::Request::post("/v1/chats").header(HEADER, key).body(Bytes::from(body)).expect("a request");
        Key::of(&request).expect("valid").expect("present")
    }

    #[test]
    fn a_reply_comes_back_byte_for_byte_and_only_with_its_key() {
        let response =
            Response::builder().status(201).header("etag", "\"1\"").body(Bytes::from("{\"a\":1}")).expect("valid");
        let sealed = key("first", "{}").seal(&response).expect("seals");
        let again = key("first", "{}").unseal(&sealed).expect("unseals");
        assert_eq!(
            (again.status(), again.body(), again.headers()),
            (response.status(), response.body(), response.headers())
        );
        assert!(key("second", "{}").unseal(&sealed).is_err());
        assert!(!sealed.windows(3).any(|window| window == b"\"a\""));
    }

    #[test]
    fn another_body_has_another_fingerprint() {
        assert_eq!(key("first", "{}").fingerprint, key("first", "{}").fingerprint);
        assert_ne!(key("first", "{}").fingerprint, key("first", "{ }").fingerprint);
    }
}
