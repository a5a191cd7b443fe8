-- no transaction
create index concurrently artifacts_own_forks_idx on artifacts (owner_user_id, forked_from_id, created_at desc, id desc)
    where forked_from_id is not null;
