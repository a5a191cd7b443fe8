-- no transaction
create index concurrently blobs_storage_key_idx on blobs (storage_key) where storage_key is not null;
