//! Pictures: what is made of uploads that are to be shown.

use uuid::Uuid;

use super::uploads::UploadRow;
use crate::{
    Problem, Sql,
    bucket::{Bucket, BucketClient},
    identity::off_thread,
    image, sql,
    text::Sha256,
};

/// Bytes that lie in the bucket.
pub struct NewBlob {
    /// Their name.
    pub sha256: Sha256,
    size: i64,
    content_type: String,
    storage_key: String,
    is_image: bool,
}

impl NewBlob {
    /// What was uploaded, as it came.
    #[must_use]
    pub fn of(row: &UploadRow) -> Self {
        Self {
            sha256: row.sha256,
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
    #[must_use]
    pub fn insert(&self, upload_id: Uuid) -> Sql {
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
        .bind(upload_id)
        .bind(self.is_image)
    }
}

/// A picture that was made of an upload, and its thumbnails, in the bucket.
pub struct NewPicture {
    width: i32,
    height: i32,
    /// The picture.
    pub blob: NewBlob,
    /// The larger one first.
    pub thumbs: [NewBlob; 2],
}

impl NewPicture {
    /// Looks at what was uploaded, and makes of it what is shown.
    pub async fn make(client: &BucketClient, row: &UploadRow) -> Result<Self, Problem> {
        let bytes = client.read(&row.storage_key(), usize::try_from(row.size).map_err(Problem::internal)?).await?;
        let content_type = row.content_type.clone();
        let picture = off_thread(move || image::render(&bytes, &content_type)).await??;
        let [large, small] = picture.thumbs;
        let large = NewBlob::write(client, row.user_id, "image/jpeg", large).await?;
        let small = NewBlob::write(client, row.user_id, "image/jpeg", small).await?;
        let blob = NewBlob::write(client, row.user_id, picture.content_type, picture.bytes).await?;
        let side = |pixels: u32| i32::try_from(pixels).map_err(Problem::internal);
        Ok(Self { width: side(picture.width)?, height: side(picture.height)?, blob, thumbs: [large, small] })
    }

    /// What makes its blobs.
    #[must_use]
    pub fn insert_blobs(&self, upload_id: Uuid) -> [Sql; 3] {
        let [large, small] = &self.thumbs;
        [self.blob.insert(upload_id), large.insert(upload_id), small.insert(upload_id)]
    }

    /// What notes which blobs these are. Of several files that make the same picture the first is known again.
    #[must_use]
    pub fn insert(&self, row: &UploadRow) -> Sql {
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
