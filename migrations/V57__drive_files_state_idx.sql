-- no transaction
create index concurrently drive_files_state_idx on drive_files (user_id, state, created_at desc, id desc);
