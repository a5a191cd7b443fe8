-- no transaction
create index concurrently messages_archived_at_idx on messages (chat_id, created_at) where archived_at is not null;
