-- no transaction
create index concurrently projects_container_id_idx on projects (container_id) where container_id is not null;
