-- no transaction
create index concurrently messages_created_at_idx on messages (created_at) where archived_at is null;
