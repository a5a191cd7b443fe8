-- no transaction
create index concurrently artifacts_search_idx on artifacts
    using gin (search_vector(title || ' ' || coalesce(description, '')))
    where visibility = 'public' and deleted_at is null;
