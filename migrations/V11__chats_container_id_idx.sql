-- no transaction
create index concurrently chats_container_id_idx on chats (container_id) where container_id is not null;
