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
        .memory(1024)
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
            let thumb = if row.is_image() { Some(make_thumb(&client, &row).await?) } else { None };
            // A second flight: what the first one found had to be compared with what the bucket holds.
            let [_, _, _, rows] = context
                .fly([
                    insert_blob(row.id, &row.sha256, row.size, &row.content_type, row.storage_key()),
                    insert_thumb(row.id, thumb.as_ref()),
                    finish(&row, thumb.as_ref()),
                    select_upload(row.id),
                ])
                .await?;
            row = read_one(&rows)?;
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

/// A thumbnail that lies in the bucket.
struct Thumb {
    key: String,
    sha256: Sha256,
    size: i64,
}

async fn make_thumb(client: &BucketClient, row: &UploadRow) -> Result<Thumb, Problem> {
    let bytes = client.read(&row.storage_key(), usize::try_from(row.size).map_err(Problem::internal)?).await?;
    let content_type = row.content_type.clone();
    let thumb = off_thread(move || image::thumbnail(&bytes, &content_type)).await??;
    let sha256 = Sha256::of(&thumb);
    let key = Bucket::key(row.user_id, &sha256, true);
    let size = i64::try_from(thumb.len()).map_err(Problem::internal)?;
    client.write(&key, "image/jpeg", thumb).await?;
    Ok(Thumb { key, sha256, size })
}

/// Only a pending upload keeps the sweep from the object: where it was given up meanwhile, there is no blob.
fn insert_blob(upload_id: Uuid, sha256: &Sha256, size: i64, content_type: &str, storage_key: String) -> Sql {
    sql("
        insert into blobs (user_id, sha256, size, content_type, storage_key)
        select auth.uid(), $1, $2, $3, $4
        from uploads
        where uploads.id = $5 and uploads.user_id = auth.uid()
        on conflict (user_id, sha256) do update set storage_key = excluded.storage_key
        where blobs.storage_key is null
    ")
    .bind(sha256.0.to_vec())
    .bind(size)
    .bind(content_type.to_owned())
    .bind(storage_key)
    .bind(upload_id)
}

fn insert_thumb(upload_id: Uuid, thumb: Option<&Thumb>) -> Sql {
    match thumb {
        Some(thumb) => insert_blob(upload_id, &thumb.sha256, thumb.size, "image/jpeg", thumb.key.clone()),
        None => sql("select"),
    }
}

fn finish(row: &UploadRow, thumb: Option<&Thumb>) -> Sql {
    sql("
        update uploads set
            state = 'ready',
            blob_id = (select id from blobs where user_id = auth.uid() and sha256 = uploads.sha256),
            thumb_blob_id = (select id from blobs where user_id = auth.uid() and sha256 = $2)
        where id = $1 and user_id = auth.uid()
    ")
    .bind(row.id)
    .bind(thumb.map(|thumb| thumb.sha256.0.to_vec()))
}
