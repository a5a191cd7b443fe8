//! GET /v1/blobs/{sha256}: where the caller's bytes of this name are.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{Context, Endpoint, Found, Input, Nothing, Problem, Route, Storage, from_row, sql, text::Sha256};

/// Redirects to the caller's bytes of this name.
pub struct ReadBlob;

/// The blob.
#[derive(Deserialize, JsonSchema)]
pub struct BlobPath {
    /// SHA-256 of the bytes, in hex.
    sha256: Sha256,
}

struct Place {
    storage_key: String,
}

from_row!(Place { storage_key });

impl Endpoint for ReadBlob {
    const ROUTE: Route =
        Route::get("/v1/blobs/{sha256}", "Go to the caller's bytes of this name").storage(Storage::Read);
    type Path = BlobPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Found;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let select = sql("
            select storage_key
            from blobs
            where user_id = auth.uid() and sha256 = $1 and storage_key is not null
        ")
        .bind(input.path.sha256.0.to_vec());
        let place: Place = context.one(select).await?;
        Ok(Found(context.bucket()?.read_url(&place.storage_key)?))
    }
}
