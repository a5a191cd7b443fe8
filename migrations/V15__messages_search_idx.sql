-- no transaction
create index concurrently messages_search_idx on messages using gin (user_id, search_vector(content))
    where archived_at is null;
