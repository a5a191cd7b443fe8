//! The bytes of an export, any part of them, without holding more than that part.

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::zip;
use crate::{
    Problem,
    bucket::BucketClient,
    database::FromRow,
    model::texts::{BASES, StoredText, TEXT},
    text::Sha256,
};

/// Where a blob's bytes are.
#[derive(Clone, Debug)]
pub(super) struct Place {
    id: Uuid,
    pub(super) size: u64,
    sha256: Sha256,
    /// In the bucket; otherwise the bytes are in the database.
    storage_key: Option<String>,
}

impl Place {
    /// Reads the columns of [`PLACE`].
    pub(super) fn from_row(row: &Row) -> anyhow::Result<Self> {
        Ok(Self {
            id: row.try_get("blob_id")?,
            size: u64::try_from(row.try_get::<_, i64>("size")?)?,
            sha256: row.try_get("sha256")?,
            storage_key: row.try_get("storage_key")?,
        })
    }
}

/// The columns of [`Place`], of a row of `blobs`, to follow `select`. Text that is also in the bucket is read here.
pub(super) const PLACE: &str = "
    blobs.id as blob_id, blobs.size, blobs.sha256, case when blobs.content is null then blobs.storage_key end as storage_key
";

/// What a file or an archive is made of, one after the other.
enum Segment {
    Bytes(Vec<u8>),
    Blob(Place),
}

impl Segment {
    fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Blob(place) => place.size,
        }
    }
}

/// What had to be read to know what is to be sent; kept with the job.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Plan {
    /// CRC-32 of each file of an archive.
    pub(super) crcs: Vec<u32>,
    /// Of the archive.
    pub(super) sha256: Option<Sha256>,
}

/// What is to be sent.
pub(super) struct Content {
    segments: Vec<Segment>,
    pub(super) size: u64,
    /// None until all of an archive was read once.
    pub(super) sha256: Option<Sha256>,
}

/// Reads blobs, and keeps the last text: parts are asked for one after the other.
pub(super) struct Reader<'a> {
    database: &'a Client,
    bucket: &'a BucketClient,
    last_text: Option<(Uuid, Vec<u8>)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(database: &'a Client, bucket: &'a BucketClient) -> Self {
        Self { database, bucket, last_text: None }
    }

    /// A part of a blob.
    pub(super) async fn read(&mut self, place: &Place, offset: u64, length: usize) -> anyhow::Result<Vec<u8>> {
        if length == 0 {
            return Ok(Vec::new());
        }
        if let Some(key) = &place.storage_key {
            return self.bucket.read_range(key, offset, length).await.map_err(because);
        }
        if self.last_text.as_ref().is_none_or(|(id, _)| *id != place.id) {
            self.last_text = Some((place.id, self.text(place.id).await?));
        }
        let (_, text) = self.last_text.as_ref().context("a text was just read")?;
        let offset = usize::try_from(offset)?;
        Ok(text.get(offset..offset + length).context("a text is shorter than its row says")?.to_vec())
    }

    /// A text as the database keeps it, decoded and verified.
    async fn text(&self, id: Uuid) -> anyhow::Result<Vec<u8>> {
        let select = format!("select {TEXT} from blobs {BASES} where blobs.id = $1");
        let row = self.database.query_one(&select, &[&id]).await?;
        StoredText::from_row(&row)?.bytes().map_err(because)?.context("a blob has no bytes")
    }
}

/// What the operator may know of a problem.
pub(super) fn because(problem: Problem) -> anyhow::Error {
    match problem.cause() {
        Some(cause) => anyhow::anyhow!("{cause:#}"),
        None => problem.into(),
    }
}

impl Content {
    /// One file, as it is.
    pub(super) fn file(place: Place) -> Self {
        Self { size: place.size, sha256: Some(place.sha256), segments: vec![Segment::Blob(place)] }
    }

    /// An archive of these files, of whose CRC-32s the plan knows all.
    pub(super) fn archive(files: Vec<(String, Place)>, modified: Timestamp, plan: &Plan) -> anyhow::Result<Self> {
        anyhow::ensure!(files.len() == plan.crcs.len(), "a version has other files than before");
        let mut segments = Vec::with_capacity(2 * files.len() + 1);
        let mut entries = Vec::with_capacity(files.len());
        let mut size = 0;
        for ((path, place), crc) in files.into_iter().zip(&plan.crcs) {
            let entry = zip::Entry { path, size: u32::try_from(place.size)?, crc: *crc };
            let header = zip::local_header(&entry, modified);
            entries.push((entry, u32::try_from(size)?));
            size += header.len() as u64 + place.size;
            segments.extend([Segment::Bytes(header), Segment::Blob(place)]);
        }
        let directory = zip::directory(&entries, modified, u32::try_from(size)?);
        size += directory.len() as u64;
        segments.push(Segment::Bytes(directory));
        Ok(Self { segments, size, sha256: plan.sha256 })
    }

    /// A part of the whole.
    pub(super) async fn read(&self, reader: &mut Reader<'_>, offset: u64, length: usize) -> anyhow::Result<Vec<u8>> {
        let mut part = Vec::with_capacity(length);
        let mut begins = 0;
        for segment in &self.segments {
            let ends = begins + segment.size();
            let from = (offset + part.len() as u64).max(begins);
            let until = (offset + length as u64).min(ends);
            if from < until {
                let (start, length) = (from - begins, usize::try_from(until - from)?);
                match segment {
                    Segment::Bytes(bytes) => {
                        let start = usize::try_from(start)?;
                        part.extend_from_slice(&bytes[start..start + length]);
                    }
                    Segment::Blob(place) => part.extend(reader.read(place, start, length).await?),
                }
            }
            begins = ends;
        }
        Ok(part)
    }
}
