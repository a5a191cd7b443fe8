//! The bucket: URLs that browsers use themselves, signed here without a call; calls only where nothing else will do.

mod client;
mod http;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_sdk_s3::config::{Credentials, ProvideCredentials};
use aws_sigv4::{
    http_request::{
        PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
        UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::FutureExt;
use schemars::JsonSchema;
use serde::Serialize;

pub use client::{BucketClient, Listed, Stored, Unfinished};

use crate::{config::BucketConfig, problem::Problem, text::Sha256};

/// How long a URL to upload with is valid.
const UPLOAD_URL_LIFETIME: Duration = Duration::from_mins(5);

/// URLs to read with are signed as of the last full hour and valid for two: within that hour every reply shows the
/// same URL, which caches and `If-None-Match` then recognize.
const READ_URL_WINDOW: Duration = Duration::from_hours(1);

/// Under what keys images lie, apart from all else, so that a CDN may be given just them.
const IMAGES: &str = "images/";

/// Under what keys pictures lie as they came: nobody is shown them.
const SOURCES: &str = "sources/";

/// Under what keys all else lies.
const BLOBS: &str = "blobs/";

/// All that blobs lie under. What lies elsewhere in the bucket is not ours to remove.
pub const PREFIXES: [&str; 3] = [BLOBS, IMAGES, SOURCES];

/// Signs URLs for one bucket.
pub struct Bucket {
    config: BucketConfig,
    credentials: Credentials,
    base_url: String,
}

/// One PUT that the client makes itself. The signature covers all of it: another key, type, length or content is refused.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SignedPart {
    /// 1-based; parts may be sent in any order, and at the same time.
    pub number: i32,
    /// Bytes of this part.
    pub size: i64,
    /// Always PUT.
    pub method: &'static str,
    /// Where to; valid for five minutes.
    pub url: String,
    /// What to send along, beside `Content-Length` and `Host`, which every client sends by itself.
    pub headers: std::collections::BTreeMap<&'static str, String>,
}

impl Bucket {
    /// A signer for this configuration, with its keys or the process's own credentials.
    pub fn new(config: BucketConfig) -> anyhow::Result<Self> {
        let credentials = match &config.keys {
            Some((id, secret)) => Credentials::new(id, secret, None, None, "configuration"),
            None => EnvironmentVariableCredentialsProvider::new()
                .provide_credentials()
                .now_or_never()
                .expect("reading variables waits for nothing")
                .map_err(|_| {
                    anyhow::anyhow!("S3_ACCESS_KEY_ID is not set, and the process has no credentials of its own")
                })?,
        };
        let base_url = match &config.endpoint {
            Some(endpoint) => format!("{endpoint}/{}", config.name),
            None => format!("https://{}.s3.{}.amazonaws.com", config.name, config.region),
        };
        Ok(Self { config, credentials, base_url })
    }

    /// Where a user's bytes lie. Only what we made to be shown as an image lies under `images/`.
    #[must_use]
    pub fn key(user_id: uuid::Uuid, sha256: &Sha256, is_image: bool) -> String {
        format!("{}{user_id}/{sha256}", if is_image { IMAGES } else { BLOBS })
    }

    /// Where what is said to be a picture goes, until it was looked at.
    #[must_use]
    pub fn source_key(user_id: uuid::Uuid, sha256: &Sha256) -> String {
        format!("{SOURCES}{user_id}/{sha256}")
    }

    /// A URL to read an object with. What is not an image of ours is served as an attachment.
    pub fn read_url(&self, key: &str) -> Result<String, Problem> {
        let is_image = key.starts_with(IMAGES);
        if let Some(base_url) = self.config.public_base_url.as_ref().filter(|_| is_image) {
            return Ok(format!("{base_url}/{key}"));
        }
        let query = if is_image { "" } else { "?response-content-disposition=attachment" };
        let window = READ_URL_WINDOW.as_secs();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(Problem::internal)?.as_secs();
        let since = UNIX_EPOCH + Duration::from_secs(now / window * window);
        self.sign("GET", &format!("{}/{key}{query}", self.base_url), &[], since, READ_URL_WINDOW * 2)
    }

    /// One PUT that carries all of an object, and never over an object that is there.
    pub fn put(&self, key: &str, content_type: &str, size: i64, sha256: &Sha256) -> Result<SignedPart, Problem> {
        let headers = [
            ("content-type", content_type.to_owned()),
            ("if-none-match", "*".to_owned()),
            ("x-amz-checksum-sha256", BASE64_STANDARD.encode(sha256.0)),
        ];
        self.signed_part(1, size, &format!("{}/{key}", self.base_url), headers.into())
    }

    /// One PUT that carries a part of an object.
    pub fn put_part(&self, key: &str, multipart_id: &str, number: i32, size: i64) -> Result<SignedPart, Problem> {
        let multipart_id = percent_encoding::utf8_percent_encode(multipart_id, percent_encoding::NON_ALPHANUMERIC);
        let url = format!("{}/{key}?partNumber={number}&uploadId={multipart_id}", self.base_url);
        self.signed_part(number, size, &url, Vec::new())
    }

    fn signed_part(
        &self,
        number: i32,
        size: i64,
        url: &str,
        headers: Vec<(&'static str, String)>,
    ) -> Result<SignedPart, Problem> {
        let length = size.to_string();
        let mut signed: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        signed.push(("content-length", &length));
        let url = self.sign("PUT", url, &signed, SystemTime::now(), UPLOAD_URL_LIFETIME)?;
        Ok(SignedPart { number, size, method: "PUT", url, headers: headers.into_iter().collect() })
    }

    fn sign(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        since: SystemTime,
        lifetime: Duration,
    ) -> Result<String, Problem> {
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(lifetime);
        // S3 alone signs paths as they are.
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.config.region)
            .name("s3")
            .time(since)
            .settings(settings)
            .build()
            .map_err(Problem::internal)?
            .into();
        let request = SignableRequest::new(method, url, headers.iter().copied(), SignableBody::UnsignedPayload)
            .map_err(Problem::internal)?;
        let (instructions, _) = sign(request, &parameters).map_err(Problem::internal)?.into_parts();
        let (_, query) = instructions.into_parts();
        let query = serde_html_form::to_string(&query).map_err(Problem::internal)?;
        let separator = if url.contains('?') { '&' } else { '?' };
        Ok(format!("{url}{separator}{query}"))
    }

    /// The bucket itself, for what cannot be left to the client. Linking it costs megabytes.
    #[must_use]
    pub fn client(&self) -> BucketClient {
        BucketClient::new(&self.config, self.credentials.clone())
    }
}
