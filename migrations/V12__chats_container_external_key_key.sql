-- no transaction
create unique index concurrently chats_container_external_key_key on chats (user_id, external_key, container_id) nulls not distinct
    where external_key is not null;
