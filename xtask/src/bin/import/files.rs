//! Files that rows name: looked at, put into the bucket, verified there, and attached to their rows.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use futures_util::{StreamExt, stream};
use sha2::{Digest, Sha256 as Hasher};
use shared::bucket::{Bucket, BucketClient};
use shared::config::BucketConfig;
use shared::text::Sha256;
use shared::{Problem, image};
use tokio::sync::mpsc::channel;
use tokio::task::spawn_blocking;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::database::quote;
use crate::lenses::{FileColumn, Lens};
use crate::places::Places;
use crate::progress::Progress;
use crate::source::{Batch, Row, Scan, Source, Table};
use crate::target::{Counts, Target};

/// Files that are on their way at the same time.
const AT_ONCE: usize = 4;

/// Bytes that S3 takes in one request.
const MAX_SIZE: u64 = 5 * 1024 * 1024 * 1024;

/// The folder with the files, and where they go.
pub(crate) struct Files {
    places: Places,
    /// None in a dry run.
    bucket: Option<BucketClient>,
}

/// What is to be stored.
struct Found {
    content: Content,
    size: i64,
    sha256: Sha256,
    content_type: &'static str,
}

/// Where the bytes are.
enum Content {
    File(PathBuf),
    /// What was made of a picture, as a completed upload would make it.
    Made(Vec<u8>),
}

/// A file, and what was made of it if it is a picture.
struct Looked {
    found: Found,
    picture: Option<Picture>,
}

/// A picture's thumbnails, and the file it was made of.
struct Picture {
    thumbs: [Found; 2],
    width: i32,
    height: i32,
    source_sha256: Sha256,
    source_size: i64,
    source_content_type: &'static str,
}

/// A file in the bucket.
struct Stored {
    looked: Looked,
    owner: Uuid,
    /// Whether it was there before.
    is_known: bool,
}

impl Files {
    /// The files of a lens whose rows name any.
    pub(crate) fn open(folder: &Path, lens: &Lens, dry_run: bool) -> Result<Option<Self>> {
        if lens.relations.iter().all(|relation| relation.files.is_empty()) {
            return Ok(None);
        }
        let places = Places::open(folder)?;
        let bucket = if dry_run { None } else { Some(open_bucket().context("files go to the bucket")?) };
        Ok(Some(Self { places, bucket }))
    }

    /// Takes the files that are left of a table's columns.
    pub(crate) async fn take_all(
        &self,
        source: &Source,
        target: &mut Target,
        table: &Table,
        batch: usize,
    ) -> Result<()> {
        let has = |column: &&FileColumn| table.columns.iter().any(|known| known.name == column.column);
        for column in table.relation.files.iter().filter(has) {
            self.take_column(source, target, table, column, batch).await?;
        }
        Ok(())
    }

    async fn take_column(
        &self,
        source: &Source,
        target: &Target,
        table: &Table,
        column: &FileColumn,
        batch: usize,
    ) -> Result<()> {
        let name = format!("{}.{}", table.relation.name, column.name());
        let known = target.progress(&name).await?;
        if known.is_complete {
            return Ok(());
        }
        let progress = Progress::start(&name, table.rows, 0);
        let (sender, mut batches) = channel::<Batch>(1);
        let scan = Scan { table, columns: &[column.column], after: known.after, batch };
        let take = async {
            while let Some(batch) = batches.recv().await {
                self.take(target, table, column, &batch.rows).await?;
                progress.add(batch.rows.len());
            }
            Ok(())
        };
        futures_util::future::try_join(source.read(scan, sender), take).await?;
        target.complete(&name).await?;
        progress.finish("rows");
        Ok(())
    }

    async fn take(&self, target: &Target, table: &Table, column: &FileColumn, rows: &[Row]) -> Result<()> {
        let named = rows.iter().filter_map(|row| Some((row, named(column, row)?)));
        let mut stored = stream::iter(named)
            .map(async |(row, named)| (row, self.store(target, table, column, row, &named).await))
            .buffered(AT_ONCE);
        while let Some((row, stored)) = stored.next().await {
            attach(target, table, column, row, stored?).await?;
        }
        Ok(())
    }

    /// Stores a row's file; or says why not.
    async fn store(
        &self,
        target: &Target,
        table: &Table,
        column: &FileColumn,
        row: &Row,
        named: &str,
    ) -> Result<Result<Option<Stored>, String>> {
        let Some(owner) = owner(target, table, column, row).await? else {
            return Ok(Err("the row is not here".to_owned()));
        };
        let path = match self.places.find(named) {
            Ok(path) => path,
            Err(reason) => return Ok(Err(reason)),
        };
        let purpose = column.purpose;
        let limit = if purpose.is_image() { u64::try_from(purpose.max_size())? } else { MAX_SIZE };
        let is_image = purpose.is_image();
        let found = match spawn_blocking(move || look_at(path, is_image, limit)).await? {
            Ok(found) => found,
            Err(reason) => return Ok(Err(reason)),
        };
        let Some(bucket) = &self.bucket else { return Ok(Ok(None)) };
        match put(bucket, owner, found).await {
            Ok(stored) => Ok(Ok(Some(stored))),
            Err(error) => Err(error.context(format!("{named:?} could not be stored"))),
        }
    }
}

fn open_bucket() -> Result<BucketClient> {
    Ok(Bucket::new(BucketConfig::from_env()?)?.client())
}

/// The name that a row gives; none where it gives none.
fn named(column: &FileColumn, row: &Row) -> Option<String> {
    let json: serde_json::Value = serde_json::from_str(&row.json).ok()?;
    let value = &json[column.column];
    let name = column.member.map_or(value, |member| &value[member]);
    name.as_str().filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Who owns a row, and so its files; none where there is no such row.
async fn owner(target: &Target, table: &Table, column: &FileColumn, row: &Row) -> Result<Option<Uuid>> {
    let view = target.view(table.relation);
    let key = quote(table.relation.key);
    let owner = format!(
        "select coalesce({}, lens.nobody()) from {view} as known where known.{key} = $1::text::uuid",
        column.owner
    );
    Ok(target.client.query_opt(&owner, &[&row.key]).await?.map(|row| row.get(0)))
}

/// Reads a file as far as is needed to know what it is; or says why it is not taken.
fn look_at(path: PathBuf, is_image: bool, limit: u64) -> Result<Looked, String> {
    let unreadable = |error: std::io::Error| format!("the file cannot be read: {error}");
    let size = fs::metadata(&path).map_err(unreadable)?.len();
    if size > limit {
        return Err(format!("the file has {size} bytes, more than {limit}"));
    }
    let size = i64::try_from(size).map_err(|error| error.to_string())?;
    if is_image {
        return look_at_picture(&fs::read(&path).map_err(unreadable)?);
    }
    let (content_type, sha256) = (content_type(&path), hash(&path).map_err(unreadable)?);
    Ok(Looked { found: Found { content: Content::File(path), size, sha256, content_type }, picture: None })
}

fn look_at_picture(bytes: &[u8]) -> Result<Looked, String> {
    let content_type = image::content_type(bytes).ok_or("the file is no PNG, JPEG, WebP or GIF")?;
    let picture = image::render(bytes, content_type).map_err(|problem| problem.to_string())?;
    let made = |bytes: Vec<u8>, content_type| Found {
        size: bytes.len().try_into().expect("pictures are small"),
        sha256: Sha256::of(&bytes),
        content: Content::Made(bytes),
        content_type,
    };
    Ok(Looked {
        found: made(picture.bytes, picture.content_type),
        picture: Some(Picture {
            thumbs: picture.thumbs.map(|thumb| made(thumb, "image/jpeg")),
            width: picture.width.try_into().map_err(|_| "the picture is too wide")?,
            height: picture.height.try_into().map_err(|_| "the picture is too high")?,
            source_sha256: Sha256::of(bytes),
            source_size: bytes.len().try_into().expect("pictures are small"),
            source_content_type: content_type,
        }),
    })
}

fn hash(path: &Path) -> std::io::Result<Sha256> {
    let mut file = fs::File::open(path)?;
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 1024 * 1024];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(Sha256(hasher.finalize().into()));
        }
        hasher.update(&buffer[..read]);
    }
}

/// What a file is served as, as an attachment; browsers do not open it as a page.
fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "json" => "application/json",
        "zip" => "application/zip",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "mp4" => "video/mp4",
        "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

impl Found {
    fn key(&self, owner: Uuid) -> String {
        Bucket::key(owner, &self.sha256, matches!(self.content, Content::Made(_)))
    }

    /// Puts it into the bucket where it is not there, has the bucket say what it holds, and says whether it was there.
    async fn put(&self, bucket: &BucketClient, owner: Uuid) -> Result<bool> {
        let key = self.key(owner);
        let is_known = holds(bucket, &key, self).await?;
        if !is_known {
            match &self.content {
                Content::File(path) => bucket.write_file(&key, self.content_type, path, &self.sha256).await,
                Content::Made(bytes) => bucket.write(&key, self.content_type, bytes.clone()).await,
            }
            .map_err(cause)?;
            ensure!(holds(bucket, &key, self).await?, "the bucket holds other bytes at {key}");
        }
        Ok(is_known)
    }
}

async fn put(bucket: &BucketClient, owner: Uuid, looked: Looked) -> Result<Stored> {
    for thumb in looked.picture.iter().flat_map(|picture| &picture.thumbs) {
        thumb.put(bucket, owner).await?;
    }
    let is_known = looked.found.put(bucket, owner).await?;
    Ok(Stored { looked, owner, is_known })
}

/// Whether the bucket holds these bytes at this key.
async fn holds(bucket: &BucketClient, key: &str, found: &Found) -> Result<bool> {
    let Some(stored) = bucket.head(key).await.map_err(cause)? else { return Ok(false) };
    let sha256 = match stored.sha256 {
        Some(sha256) => Some(sha256),
        None => bucket.sha256(key).await.map_err(cause)?,
    };
    Ok(stored.size == found.size && sha256 == Some(found.sha256))
}

fn cause(problem: Problem) -> anyhow::Error {
    match problem.cause() {
        Some(cause) => anyhow!("{cause:#}"),
        None => problem.into(),
    }
}

/// One transaction: the blob, where the row says it, and how far the files are.
async fn attach(
    target: &Target,
    table: &Table,
    column: &FileColumn,
    row: &Row,
    stored: Result<Option<Stored>, String>,
) -> Result<()> {
    let name = format!("{}.{}", table.relation.name, column.name());
    let mut counts = Counts { read: 1, ..Counts::default() };
    target.begin().await?;
    let attached = match stored {
        Ok(Some(stored)) => link(target, table, column, row, &stored).await?.map(|()| stored.is_known),
        Ok(None) => Ok(false),
        Err(reason) => Err(reason),
    };
    match attached {
        Ok(true) => counts.known = 1,
        Ok(false) => counts.taken = 1,
        Err(reason) => {
            counts.refused = 1;
            target.list_problem(&name, row, &reason).await?;
        }
    }
    target.note(&name, &row.place, counts).await?;
    target.commit().await
}

async fn link(
    target: &Target,
    table: &Table,
    column: &FileColumn,
    row: &Row,
    stored: &Stored,
) -> Result<Result<(), String>> {
    let link = async {
        let blob = add_blob(target, stored.owner, &stored.looked.found).await?;
        if let Some(picture) = &stored.looked.picture {
            let [thumb, small] = &picture.thumbs;
            let thumb = add_blob(target, stored.owner, thumb).await?;
            let small = add_blob(target, stored.owner, small).await?;
            let source_sha256 = picture.source_sha256.0.as_slice();
            let parameters: [&(dyn ToSql + Sync); 8] = [
                &blob,
                &thumb,
                &small,
                &picture.width,
                &picture.height,
                &source_sha256,
                &picture.source_size,
                &picture.source_content_type,
            ];
            target.client.execute("select lens.add_picture($1, $2, $3, $4, $5, $6, $7, $8)", &parameters).await?;
        }
        let attach = format!("select {}.attach($1, $2::text::uuid, $3, $4)", quote(target.lens.name));
        target.client.execute(&attach, &[&table.relation.name, &row.key, &column.column, &blob]).await
    };
    Ok(target.attempt(link).await?.map(drop))
}

async fn add_blob(target: &Target, owner: Uuid, found: &Found) -> Result<Uuid, tokio_postgres::Error> {
    let (key, sha256) = (found.key(owner), found.sha256.0.as_slice());
    let parameters: [&(dyn ToSql + Sync); 5] = [&owner, &sha256, &found.size, &found.content_type, &key];
    let add = "select lens.add_blob($1, $2, $3, $4, null, $5)";
    Ok(target.client.query_one(add, &parameters).await?.get(0))
}
