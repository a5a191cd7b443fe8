-- no transaction
create index concurrently profiles_words_idx on profiles
    using gin ((handle || ' ' || coalesce(display_name, '')) gin_trgm_ops);
