//! POST /v1/uploads/{id}/complete: have the bytes verified.

use jiff::Timestamp;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Sql, Storage,
    bucket::BucketClient,
    context::read_one,
    model::{
        pictures::{NewBlob, NewPicture},
        uploads::{Upload, UploadRow, part_sizes, select_upload},
    },
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
                let picture = Box::pin(NewPicture::make(&client, &row)).await?;
                let [blob, thumb, small] = picture.insert_blobs(row.id);
                let finish = finish(&row, &picture.blob, Some(&picture.thumbs[0]));
                let statements = [blob, thumb, small, picture.insert(&row), finish, select_upload(row.id)];
                let [.., rows] = context.fly(statements).await?;
                read_one(&rows)?
            } else {
                let blob = NewBlob::of(&row);
                let [.., rows] =
                    context.fly([blob.insert(row.id), finish(&row, &blob, None), select_upload(row.id)]).await?;
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
    let incomplete = || Problem::new(&problem::UPLOAD_INCOMPLETE, problem::UPLOAD_INCOMPLETE.title);
    let stored = client.head(&key).await?.ok_or_else(incomplete)?;
    let sha256 = match stored.sha256 {
        Some(sha256) => sha256,
        // Another upload of the same bytes may find at this moment that they are wrong, and remove them.
        None if stored.size == row.size => client.sha256(&key).await?.ok_or_else(incomplete)?,
        None => Sha256::of(&[]),
    };
    if stored.size == row.size && sha256 == row.sha256 {
        return Ok(());
    }
    // Nothing refers to these bytes, and they bar the right ones from their place.
    client.delete(&key, &stored).await?;
    Err(Problem::new(&problem::UPLOAD_MISMATCH, problem::UPLOAD_MISMATCH.title))
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
