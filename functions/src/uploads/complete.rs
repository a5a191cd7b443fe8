//! POST /v1/uploads/{id}/complete: have the bytes verified.

use jiff::Timestamp;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Sql, Storage,
    bucket::{Bucket, BucketClient},
    context::read_one,
    identity::off_thread,
    image,
    model::uploads::{Upload, UploadRow, part_sizes, select_upload},
    problem, sql,
    text::Sha256,
};
use uuid::Uuid;

use super::read::UploadPath;

/// Has the bytes verified: only then is there a blob.
pub struct CompleteUpload;

impl Endpoint for CompleteUpload {
    const ROUTE: Route = Route::post("/v1/uploads/{id}/complete", "Have the bytes verified, and the blob made")
        .storage(Storage::Write)
        // What decoding takes at most, on a whole processor.
        .memory(1769)
        .timeout(29)
        .problems(&[
            &problem::UPLOAD_INCOMPLETE,
            &problem::UPLOAD_MISMATCH,
            &problem::UPLOAD_EXPIRED,
            &problem::INVALID_IMAGE,
        ]);
    type Path = UploadPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Upload>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let [row, owned] = context.fly([select_upload(input.path.id), select_owned(input.path.id)]).await?;
        let mut row: UploadRow = read_one(&row)?;
        let bucket = context.bucket()?;
        if row.blob.is_none() {
            if row.expires_at < Timestamp::now() {
                return Err(Problem::new(&problem::UPLOAD_EXPIRED, problem::UPLOAD_EXPIRED.title));
            }
            let client = bucket.client();
            match &row.multipart_id {
                // Verified for another upload since: these parts could only do harm to what is there.
                Some(multipart_id) if !owned.is_empty() => {
                    client.abort_multipart(&row.storage_key(), multipart_id).await?;
                }
                _ => {
                    join_parts(&client, &row).await?;
                    verify(&client, &row).await?;
                }
            }
            // A second flight: what the first one found had to be compared with what the bucket holds.
            row = if row.is_image() {
                let picture = Picture::make(&client, &row).await?;
                let [_, _, _, _, _, rows] = context.fly(picture.keep(&row)).await?;
                read_one(&rows)?
            } else {
                let blob = NewBlob::of(&row);
                let [_, _, rows] =
                    context.fly([blob.insert(&row), finish(&row, &blob, None), select_upload(row.id)]).await?;
                read_one(&rows)?
            };
        }
        Ok(Json(row.into_upload(bucket, &[])?))
    }
}

/// Whether the caller has the declared bytes already.
fn select_owned(id: Uuid) -> Sql {
    sql("
        select blobs.id
        from uploads
        join blobs on blobs.user_id = uploads.user_id and blobs.sha256 = uploads.sha256 and blobs.size = uploads.size
        where uploads.id = $1 and uploads.user_id = auth.uid()
    ")
    .bind(id)
}

async fn join_parts(client: &BucketClient, row: &UploadRow) -> Result<(), Problem> {
    let (Some(multipart_id), Some(part_size)) = (&row.multipart_id, row.part_size) else { return Ok(()) };
    let key = row.storage_key();
    let arrived = client.arrived_parts(&key, multipart_id).await?;
    // None of them: joined by an earlier call, or never sent; whether the object is there will tell.
    if arrived.is_empty() {
        return Ok(());
    }
    let declared: Vec<(i32, i64)> = part_sizes(row.size, part_size).collect();
    let missing = declared.iter().filter(|(number, _)| !arrived.iter().any(|part| part.number == *number)).count();
    if missing > 0 {
        return Err(Problem::new(&problem::UPLOAD_INCOMPLETE, format!("{missing} parts have not arrived.")));
    }
    client.complete_multipart(&key, multipart_id, &arrived).await
}

async fn verify(client: &BucketClient, row: &UploadRow) -> Result<(), Problem> {
    let key = row.storage_key();
    let Some(stored) = client.head(&key).await? else {
        return Err(Problem::new(&problem::UPLOAD_INCOMPLETE, problem::UPLOAD_INCOMPLETE.title));
    };
    let sha256 = match stored.sha256 {
        Some(sha256) => sha256,
        None if stored.size == row.size => client.sha256(&key).await?,
        None => Sha256::of(&[]),
    };
    if stored.size == row.size && sha256 == row.sha256 {
        return Ok(());
    }
    // Nothing refers to these bytes, and they bar the right ones from their place.
    client.delete(&key, &stored).await?;
    Err(Problem::new(&problem::UPLOAD_MISMATCH, problem::UPLOAD_MISMATCH.title))
}

/// Bytes that lie in the bucket.
struct NewBlob {
    sha256: Sha256,
    size: i64,
    content_type: String,
    storage_key: String,
    is_image: bool,
}

impl NewBlob {
    /// What was uploaded, as it came.
    fn of(row: &UploadRow) -> Self {
        Self {
            sha256: row.sha256.clone(),
            size: row.size,
            content_type: row.content_type.clone(),
            storage_key: row.storage_key(),
            is_image: false,
        }
    }

    /// What was made of it, which the bucket does not have yet.
    async fn write(
        client: &BucketClient,
        user_id: Uuid,
        content_type: &'static str,
        bytes: Vec<u8>,
    ) -> Result<Self, Problem> {
        let sha256 = Sha256::of(&bytes);
        let storage_key = Bucket::key(user_id, &sha256, true);
        let size = i64::try_from(bytes.len()).map_err(Problem::internal)?;
        client.write(&storage_key, content_type, bytes).await?;
        Ok(Self { sha256, size, content_type: content_type.to_owned(), storage_key, is_image: true })
    }

    /// Only a pending upload keeps the sweep from the object: where it was given up meanwhile, there is no blob. The same
    /// bytes may have come as a file: as a picture they lie among pictures.
    fn insert(&self, upload: &UploadRow) -> Sql {
        sql("
            insert into blobs (user_id, sha256, size, content_type, storage_key)
            select auth.uid(), $1, $2, $3, $4
            from uploads
            where uploads.id = $5 and uploads.user_id = auth.uid()
            on conflict (user_id, sha256) do update set storage_key = excluded.storage_key
            where blobs.storage_key is null or ($6 and blobs.storage_key <> excluded.storage_key)
        ")
        .bind(self.sha256.0.to_vec())
        .bind(self.size)
        .bind(self.content_type.clone())
        .bind(self.storage_key.clone())
        .bind(upload.id)
        .bind(self.is_image)
    }
}

/// A picture that was made of an upload, and its thumbnails, in the bucket.
struct Picture {
    width: i32,
    height: i32,
    blob: NewBlob,
    thumbs: [NewBlob; 2],
}

impl Picture {
    async fn make(client: &BucketClient, row: &UploadRow) -> Result<Self, Problem> {
        let bytes = client.read(&row.storage_key(), usize::try_from(row.size).map_err(Problem::internal)?).await?;
        let content_type = row.content_type.clone();
        let picture = off_thread(move || image::render(&bytes, &content_type)).await??;
        let write = |content_type, bytes| NewBlob::write(client, row.user_id, content_type, bytes);
        let [large, small] = picture.thumbs;
        let (blob, large, small) = tokio::try_join!(
            write(picture.content_type, picture.bytes),
            write("image/jpeg", large),
            write("image/jpeg", small),
        )?;
        let side = |pixels: u32| i32::try_from(pixels).map_err(Problem::internal);
        Ok(Self { width: side(picture.width)?, height: side(picture.height)?, blob, thumbs: [large, small] })
    }

    fn keep(&self, row: &UploadRow) -> [Sql; 6] {
        let [large, small] = &self.thumbs;
        [
            self.blob.insert(row),
            large.insert(row),
            small.insert(row),
            self.insert(row),
            finish(row, &self.blob, Some(large)),
            select_upload(row.id),
        ]
    }

    /// Of several files that make the same picture the first is known again.
    fn insert(&self, row: &UploadRow) -> Sql {
        let [large, small] = &self.thumbs;
        sql("
            insert into pictures (
                blob_id, user_id, thumb_blob_id, small_blob_id, width, height,
                source_sha256, source_size, source_content_type
            )
            select blobs.id, auth.uid(), large.id, small.id, $4, $5, $6, $7, $8
            from blobs
            join blobs large on large.user_id = auth.uid() and large.sha256 = $2
            join blobs small on small.user_id = auth.uid() and small.sha256 = $3
            where blobs.user_id = auth.uid() and blobs.sha256 = $1
            on conflict (blob_id) do nothing
        ")
        .bind(self.blob.sha256.0.to_vec())
        .bind(large.sha256.0.to_vec())
        .bind(small.sha256.0.to_vec())
        .bind(self.width)
        .bind(self.height)
        .bind(row.sha256.0.to_vec())
        .bind(row.size)
        .bind(row.content_type.clone())
    }
}

fn finish(row: &UploadRow, blob: &NewBlob, thumb: Option<&NewBlob>) -> Sql {
    sql("
        update uploads set
            state = 'ready',
            blob_id = (select id from blobs where user_id = auth.uid() and sha256 = $2),
            thumb_blob_id = (select id from blobs where user_id = auth.uid() and sha256 = $3)
        where id = $1 and user_id = auth.uid()
    ")
    .bind(row.id)
    .bind(blob.sha256.0.to_vec())
    .bind(thumb.map(|thumb| thumb.sha256.0.to_vec()))
}
