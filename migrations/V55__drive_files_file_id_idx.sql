-- no transaction
create index concurrently drive_files_file_id_idx on drive_files (file_id) where file_id is not null;
