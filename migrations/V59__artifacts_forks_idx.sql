-- no transaction
create index concurrently artifacts_forks_idx on artifacts (forked_from_id, created_at desc, id desc)
    where forked_from_id is not null and visibility = 'public' and deleted_at is null;
