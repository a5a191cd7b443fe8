-- no transaction
create index concurrently artifact_comments_top_idx on artifact_comments (artifact_id, created_at desc, id desc)
    where parent_id is null;
