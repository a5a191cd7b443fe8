//! POST /v1/uploads: declare bytes, and learn where to send them.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Route, Storage,
    context::read_one,
    image,
    model::uploads::{LIFETIME, PART_SIZE, Purpose, SINGLE_PUT_LIMIT, Upload, UploadRow, select_upload},
    sql,
    text::{ContentType, Sha256, Text},
};
use uuid::Uuid;

/// Declares an upload.
pub struct CreateUpload;

/// What is going to be sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "purpose": "screenshot", "filename": "clock.png", "content_type": "image/png", "size": 48_213,
    "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
}))]
pub struct NewUpload {
    /// What it is for.
    purpose: Purpose,
    /// What the file is called.
    filename: Text<1, 255>,
    /// Its media type.
    content_type: ContentType,
    /// Bytes; at most 5 MiB for an avatar, 10 MiB for a screenshot, 512 MiB else.
    #[schemars(range(min = 1, max = 536_870_912))]
    size: i64,
    /// SHA-256 of the bytes.
    sha256: Sha256,
}

impl NewUpload {
    fn check(&self) -> Result<(), Problem> {
        let max_size = self.purpose.max_size();
        if !(1..=max_size).contains(&self.size) {
            return Err(Problem::invalid("/size", format!("must be 1 to {max_size} for this purpose")));
        }
        let is_picture = image::TYPES.iter().any(|(name, _)| *name == self.content_type.as_str());
        if self.purpose.is_image() && !is_picture {
            let detail = "must be image/png, image/jpeg, image/webp or image/gif for this purpose";
            return Err(Problem::invalid("/content_type", detail));
        }
        Ok(())
    }
}

impl Endpoint for CreateUpload {
    const ROUTE: Route =
        Route::post("/v1/uploads", "Declare bytes, and learn where to send them").storage(Storage::Write);
    type Path = Nothing;
    type Query = Nothing;
    type Body = NewUpload;
    type Reply = Created<Upload>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let new = input.body;
        new.check()?;
        let id = Uuid::now_v7();
        let bucket = context.bucket()?;
        let mut row: UploadRow = {
            let [_, rows] = context.fly([insert(id, &new), select_upload(id)]).await?;
            read_one(&rows)?
        };
        if row.blob.is_none() && new.size > SINGLE_PUT_LIMIT {
            let multipart_id = bucket.client().begin_multipart(&row.storage_key(), &row.content_type).await?;
            // A second flight: the bucket names the parts' upload, and is asked only once the caller is known.
            let [_, rows] = context.fly([set_multipart(id, multipart_id), select_upload(id)]).await?;
            row = read_one(&rows)?;
        }
        Ok(Created(row.into_upload(bucket, &[])?))
    }
}

/// The caller's bytes of this name.
const OWNED_BYTES: &str = "
    select blobs.id, null::uuid as thumb_blob_id
    from blobs
    where blobs.user_id = auth.uid() and blobs.sha256 = $6 and blobs.size = $5 and blobs.storage_key is not null
    for key share of blobs
";

/// What was made of a picture of this name.
const OWNED_PICTURE: &str = "
    select blobs.id, pictures.thumb_blob_id
    from pictures
    join blobs on blobs.id = pictures.blob_id
    where pictures.user_id = auth.uid()
      and pictures.source_sha256 = $6
      and pictures.source_size = $5
      and pictures.source_content_type = $4
    for key share of blobs
";

/// Ready at once where the caller has these bytes; a picture must have been looked at as one. The lock keeps the sweep from
/// them until the upload refers to them.
fn insert(id: Uuid, new: &NewUpload) -> shared::Sql {
    let owned = if new.purpose.is_image() { OWNED_PICTURE } else { OWNED_BYTES };
    sql(format!(
        "
        with owned as ({owned})
        insert into uploads (
            id, user_id, purpose, filename, content_type, size, sha256, expires_at, state, blob_id, thumb_blob_id
        )
        select
            $1, auth.uid(), $2, $3, $4, $5, $6, $7,
            case when owned.id is null then 'pending' else 'ready' end, owned.id, owned.thumb_blob_id
        from (select) nothing
        left join owned on true
    "
    ))
    .bind(id)
    .bind(new.purpose.as_str())
    .bind(new.filename.as_str().to_owned())
    .bind(new.content_type.as_str().to_owned())
    .bind(new.size)
    .bind(new.sha256.0.to_vec())
    .bind(Timestamp::now() + LIFETIME)
}

fn set_multipart(id: Uuid, multipart_id: String) -> shared::Sql {
    sql("update uploads set multipart_id = $2, part_size = $3 where id = $1 and user_id = auth.uid()")
        .bind(id)
        .bind(multipart_id)
        .bind(PART_SIZE)
}
