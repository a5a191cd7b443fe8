-- no transaction
create index concurrently blobs_base_blob_id_idx on blobs (base_blob_id) where base_blob_id is not null;
