-- no transaction
create index concurrently drive_files_version_id_idx on drive_files (version_id) where version_id is not null;
