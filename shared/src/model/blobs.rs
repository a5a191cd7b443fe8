//! Blobs: bytes, named by their SHA-256.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::{FromSql, Type, accepts};

use crate::{Problem, bucket::Bucket, text::Sha256};

/// Bytes somewhere, and where to get them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Blob {
    /// SHA-256 of the bytes, in hex: their name.
    pub sha256: Sha256,
    /// Bytes.
    pub size: i64,
    /// The media type they were declared as.
    pub content_type: String,
    /// Where to get them, for an hour at least; null where the text comes with the resource itself.
    #[serde(default)]
    pub url: Option<String>,
    /// Where they lie in the bucket; never shown.
    #[serde(default, skip_serializing)]
    #[schemars(skip)]
    pub storage_key: Option<String>,
}

impl Blob {
    /// Makes the URL.
    pub fn sign(&mut self, bucket: &Bucket) -> Result<(), Problem> {
        if let Some(key) = &self.storage_key {
            self.url = Some(bucket.read_url(key)?);
        }
        Ok(())
    }
}

/// Makes the URLs of blobs that may be there.
pub fn sign_all<'a>(blobs: impl IntoIterator<Item = &'a mut Option<Blob>>, bucket: &Bucket) -> Result<(), Problem> {
    blobs.into_iter().flatten().try_for_each(|blob| blob.sign(bucket))
}

/// Reads a type from a column of json, as SQL builds it for what is nested in a resource.
#[macro_export]
macro_rules! from_json_column {
    ($type:ty) => {
        impl<'a> tokio_postgres::types::FromSql<'a> for $type {
            fn from_sql(
                sql_type: &tokio_postgres::types::Type,
                raw: &'a [u8],
            ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
                <tokio_postgres::types::Json<$type> as tokio_postgres::types::FromSql>::from_sql(sql_type, raw)
                    .map(|json| json.0)
            }

            tokio_postgres::types::accepts!(JSON, JSONB);
        }
    };
}

from_json_column!(Blob);

/// Bytes as the database keeps them, decoded, and what their name says.
pub fn decode(content: &[u8], encoding: &str, size: i64, sha256: &Sha256) -> Result<Vec<u8>, Problem> {
    let size = usize::try_from(size).map_err(Problem::internal)?;
    let bytes = match encoding {
        "zstd" => zstd::bulk::decompress(content, size).map_err(Problem::internal)?,
        _ => content.to_vec(),
    };
    if Sha256::of(&bytes) == *sha256 {
        Ok(bytes)
    } else {
        Err(Problem::internal(anyhow::anyhow!("a blob is not what its SHA-256 says: {sha256}")))
    }
}

impl<'a> FromSql<'a> for Sha256 {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw.try_into()?))
    }

    accepts!(BYTEA);
}

/// Level 3 of zstd: a third of the text's size in a few milliseconds a megabyte.
const ZSTD_LEVEL: i32 = 3;

/// Text as the database keeps it, in the encoding `zstd`.
pub fn compress(text: &str) -> Result<Vec<u8>, Problem> {
    zstd::bulk::compress(text.as_bytes(), ZSTD_LEVEL).map_err(Problem::internal)
}
