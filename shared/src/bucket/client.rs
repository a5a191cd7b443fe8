//! Calls to the bucket, through the SDK.

use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
        StalledStreamProtectionConfig, retry::RetryConfig, timeout::TimeoutConfig,
    },
    error::{ProvideErrorMetadata, SdkError},
    primitives::ByteStream,
    types::{ChecksumMode, CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use super::http;
use crate::{config::BucketConfig, problem::Problem, text::Sha256};

/// Time for the largest object that one request carries, 5 GiB.
const LARGEST_PUT: Duration = Duration::from_hours(2);

/// Calls one bucket.
pub struct BucketClient {
    client: Client,
    bucket: String,
}

/// What the bucket says of an object.
#[derive(Debug)]
pub struct Stored {
    /// Bytes.
    pub size: i64,
    /// What tells it from another object at the same key.
    pub etag: String,
    /// The checksum it verified when the object came in; none for a multipart upload.
    pub sha256: Option<Sha256>,
}

/// An object in a listing.
#[derive(Debug)]
pub struct Listed {
    /// Where it lies.
    pub key: String,
    /// When it was written.
    pub last_modified: SystemTime,
}

/// A multipart upload that was neither completed nor given up.
#[derive(Debug)]
pub struct Unfinished {
    /// Where the object would lie.
    pub key: String,
    /// The bucket's name for it.
    pub multipart_id: String,
    /// When it was begun.
    pub begun: SystemTime,
}

/// A part that arrived.
#[derive(Debug)]
pub struct ArrivedPart {
    /// 1-based.
    pub number: i32,
    /// Bytes.
    pub size: i64,
    /// What completing must name it by.
    pub etag: String,
}

impl BucketClient {
    pub(super) fn new(config: &BucketConfig, credentials: Credentials) -> Self {
        let mut builder = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(http::client())
            .credentials_provider(credentials)
            .region(Region::new(config.region.clone()))
            .force_path_style(config.endpoint.is_some())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(20)).build());
        builder.set_endpoint_url(config.endpoint.clone());
        Self { client: Client::from_conf(builder.build()), bucket: config.name.clone() }
    }

    /// What is at this key, if anything is.
    pub async fn head(&self, key: &str) -> Result<Option<Stored>, Problem> {
        let head =
            self.client.head_object().bucket(&self.bucket).key(key).checksum_mode(ChecksumMode::Enabled).send().await;
        match head {
            Ok(head) => Ok(Some(Stored {
                size: head.content_length().unwrap_or_default(),
                etag: head.e_tag().unwrap_or_default().to_owned(),
                sha256: head.checksum_sha256().and_then(whole_checksum),
            })),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(away(error)),
        }
    }

    /// Reads an object of at most `limit` bytes: larger ones are not what the caller checked with [`Self::head`].
    pub async fn read(&self, key: &str, limit: usize) -> Result<Vec<u8>, Problem> {
        let mut body = self.client.get_object().bucket(&self.bucket).key(key).send().await.map_err(away)?.body;
        let mut bytes = Vec::new();
        while let Some(chunk) = body.try_next().await.map_err(Problem::unavailable)? {
            if bytes.len() + chunk.len() > limit {
                return Err(Problem::internal(anyhow::anyhow!("an object is larger than its declaration")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// Reads a part of an object.
    pub async fn read_range(&self, key: &str, offset: u64, length: usize) -> Result<Vec<u8>, Problem> {
        let last = offset + u64::try_from(length).map_err(Problem::internal)? - 1;
        let get = self.client.get_object().bucket(&self.bucket).key(key).range(format!("bytes={offset}-{last}"));
        let mut body = get.send().await.map_err(away)?.body;
        let mut bytes = Vec::with_capacity(length);
        while let Some(chunk) = body.try_next().await.map_err(Problem::unavailable)? {
            bytes.extend_from_slice(&chunk);
        }
        if bytes.len() == length {
            Ok(bytes)
        } else {
            Err(Problem::unavailable(anyhow::anyhow!("an object gave {} bytes instead of {length}", bytes.len())))
        }
    }

    /// Hashes an object without keeping it, if there is one: S3 has no SHA-256 of the whole for what came in parts.
    pub async fn sha256(&self, key: &str) -> Result<Option<Sha256>, Problem> {
        let mut body = match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(object) => object.body,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(away(error)),
        };
        let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
        while let Some(chunk) = body.try_next().await.map_err(Problem::unavailable)? {
            digest.update(&chunk);
        }
        Ok(Some(Sha256(digest.finish().as_ref().try_into().expect("SHA-256 has 32 bytes"))))
    }

    /// Writes a small object, whose checksum the bucket verifies.
    pub async fn write(&self, key: &str, content_type: &str, bytes: Vec<u8>) -> Result<(), Problem> {
        let put = self.client.put_object().bucket(&self.bucket).key(key).content_type(content_type);
        let put = put.checksum_sha256(BASE64_STANDARD.encode(Sha256::of(&bytes).0));
        put.body(ByteStream::from(bytes)).send().await.map_err(away)?;
        Ok(())
    }

    /// Puts a file's bytes, which must have this checksum, and never over an object that is there.
    pub async fn write_file(&self, key: &str, content_type: &str, path: &Path, sha256: &Sha256) -> Result<(), Problem> {
        let body = ByteStream::from_path(path).await.map_err(Problem::internal)?;
        let put = self.client.put_object().bucket(&self.bucket).key(key).content_type(content_type);
        let put = put.checksum_sha256(BASE64_STANDARD.encode(sha256.0)).if_none_match("*").body(body);
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(LARGEST_PUT).build();
        let patient = aws_sdk_s3::Config::builder().timeout_config(timeouts);
        match put.customize().config_override(patient).send().await {
            // By another run, at the same time: what is there is verified next.
            Err(error) if is_occupied(&error) => Ok(()),
            result => result.map(drop).map_err(away),
        }
    }

    /// Removes this very object; that it is not there, or another is, is no error.
    pub async fn delete(&self, key: &str, stored: &Stored) -> Result<(), Problem> {
        let delete = self.client.delete_object().bucket(&self.bucket).key(key).if_match(&stored.etag);
        match delete.send().await {
            Err(error) if is_missing(&error) || is_occupied(&error) => Ok(()),
            result => result.map(drop).map_err(away),
        }
    }

    /// The next objects below a prefix, at most 1,000 in the order of their keys; none at the end.
    pub async fn list(&self, prefix: &str, after: &str) -> Result<Vec<Listed>, Problem> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let listed = list.set_start_after((!after.is_empty()).then(|| after.to_owned())).send().await.map_err(away)?;
        listed
            .contents
            .unwrap_or_default()
            .into_iter()
            .map(|object| {
                let last_modified = object.last_modified.and_then(|time| SystemTime::try_from(time).ok());
                match (object.key, last_modified) {
                    (Some(key), Some(last_modified)) => Ok(Listed { key, last_modified }),
                    _ => Err(Problem::internal(anyhow::anyhow!("an object is listed without a key or a time"))),
                }
            })
            .collect()
    }

    /// Removes objects, at most 1,000. It is asked once: what is sent again may arrive when it is no longer meant.
    pub async fn delete_all(&self, keys: &[String]) -> Result<(), Problem> {
        let identify = |key: &String| ObjectIdentifier::builder().key(key).build().map_err(Problem::internal);
        let objects = keys.iter().map(identify).collect::<Result<_, _>>()?;
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build().map_err(Problem::internal)?;
        let once = aws_sdk_s3::Config::builder().retry_config(RetryConfig::disabled());
        let request = self.client.delete_objects().bucket(&self.bucket).delete(delete);
        let deleted = request.customize().config_override(once).send().await.map_err(away)?;
        match deleted.errors() {
            [] => Ok(()),
            [first, ..] => Err(Problem::unavailable(anyhow::anyhow!(
                "the bucket did not delete {} objects: {}",
                deleted.errors().len(),
                first.message().unwrap_or_default()
            ))),
        }
    }

    /// Every multipart upload below a prefix that is still unfinished.
    pub async fn unfinished(&self, prefix: &str) -> Result<Vec<Unfinished>, Problem> {
        let mut unfinished = Vec::new();
        let (mut key_marker, mut id_marker) = (None, None);
        loop {
            let list = self.client.list_multipart_uploads().bucket(&self.bucket).prefix(prefix);
            let page = list.set_key_marker(key_marker).set_upload_id_marker(id_marker).send().await.map_err(away)?;
            for upload in page.uploads() {
                let begun = upload.initiated().and_then(|time| SystemTime::try_from(*time).ok());
                let (Some(key), Some(id), Some(begun)) = (upload.key(), upload.upload_id(), begun) else { continue };
                unfinished.push(Unfinished { key: key.to_owned(), multipart_id: id.to_owned(), begun });
            }
            if page.is_truncated() != Some(true) {
                return Ok(unfinished);
            }
            (key_marker, id_marker) = (page.next_key_marker, page.next_upload_id_marker);
        }
    }

    /// Begins a multipart upload, and names it.
    pub async fn begin_multipart(&self, key: &str, content_type: &str) -> Result<String, Problem> {
        let begun = self.client.create_multipart_upload().bucket(&self.bucket).key(key).content_type(content_type);
        let begun = begun.send().await.map_err(away)?;
        begun.upload_id.ok_or_else(|| Problem::internal(anyhow::anyhow!("a multipart upload without an id")))
    }

    /// The parts that arrived, in order of their numbers; none where the multipart upload is gone.
    pub async fn arrived_parts(&self, key: &str, multipart_id: &str) -> Result<Vec<ArrivedPart>, Problem> {
        let mut pages = self
            .client
            .list_parts()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(multipart_id)
            .into_paginator()
            .items()
            .send();
        let mut parts = Vec::new();
        while let Some(part) = pages.next().await {
            let part = match part {
                Ok(part) => part,
                Err(error) if error.code() == Some("NoSuchUpload") => return Ok(Vec::new()),
                Err(error) => return Err(away(error)),
            };
            parts.push(ArrivedPart {
                number: part.part_number().unwrap_or_default(),
                size: part.size().unwrap_or_default(),
                etag: part.e_tag().unwrap_or_default().to_owned(),
            });
        }
        Ok(parts)
    }

    /// Makes one object of the parts, and never over an object that is there. S3 may answer 200 with an error inside,
    /// which the SDK reports as an error.
    pub async fn complete_multipart(
        &self,
        key: &str,
        multipart_id: &str,
        parts: &[ArrivedPart],
    ) -> Result<(), Problem> {
        let parts =
            parts.iter().map(|part| CompletedPart::builder().part_number(part.number).e_tag(&part.etag).build());
        let completed = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let complete = self.client.complete_multipart_upload().bucket(&self.bucket).key(key).upload_id(multipart_id);
        match complete.multipart_upload(completed).if_none_match("*").send().await {
            // Completed by an earlier call whose reply was lost, or by another upload of the same bytes: what is there is
            // verified next, whoever put it there.
            Err(error) if error.code() == Some("NoSuchUpload") || is_occupied(&error) => Ok(()),
            result => result.map(drop).map_err(away),
        }
    }

    /// Gives up a multipart upload and its parts.
    pub async fn abort_multipart(&self, key: &str, multipart_id: &str) -> Result<(), Problem> {
        let abort = self.client.abort_multipart_upload().bucket(&self.bucket).key(key).upload_id(multipart_id);
        match abort.send().await {
            Err(error) if error.code() == Some("NoSuchUpload") => Ok(()),
            result => result.map(drop).map_err(away),
        }
    }
}

/// A checksum of the whole object; a multipart's is one of its parts' checksums, with their number behind a hyphen.
fn whole_checksum(checksum: &str) -> Option<Sha256> {
    BASE64_STANDARD.decode(checksum).ok()?.try_into().ok().map(Sha256)
}

fn is_missing<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.raw_response().is_some_and(|response| response.status().as_u16() == 404)
}

/// Whether the bucket refused because another object is there, or just coming.
fn is_occupied<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    matches!(error.code(), Some("PreconditionFailed" | "ConditionalRequestConflict"))
}

fn away<E: std::error::Error + Send + Sync + 'static>(error: SdkError<E>) -> Problem {
    Problem::unavailable(anyhow::Error::new(error).context("the bucket did not do what was asked"))
}
