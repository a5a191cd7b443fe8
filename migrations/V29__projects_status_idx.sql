-- no transaction
create index concurrently projects_status_idx on projects (owner_id, status, created_at desc, id desc);
