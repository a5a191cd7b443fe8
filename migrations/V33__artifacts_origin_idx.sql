-- no transaction
create index concurrently artifacts_origin_idx on artifacts (origin_artifact_id, created_at desc, id desc)
    where origin_artifact_id is not null and visibility = 'public' and deleted_at is null;
