-- no transaction
create index concurrently artifacts_title_idx on artifacts using gin (title gin_trgm_ops)
    where visibility = 'public' and deleted_at is null;
