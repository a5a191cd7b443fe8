-- no transaction
create index concurrently artifacts_without_origin_idx on artifacts (forked_from_id)
    where forked_from_id is not null and origin_artifact_id is null;
