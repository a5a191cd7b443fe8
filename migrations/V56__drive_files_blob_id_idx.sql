-- no transaction
create index concurrently drive_files_blob_id_idx on drive_files (blob_id) where blob_id is not null;
