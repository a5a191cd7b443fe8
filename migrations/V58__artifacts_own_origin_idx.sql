-- no transaction
create index concurrently artifacts_own_origin_idx on artifacts (owner_user_id, origin_artifact_id, created_at desc, id desc)
    where origin_artifact_id is not null;
