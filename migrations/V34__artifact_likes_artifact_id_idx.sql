-- no transaction
create index concurrently artifact_likes_artifact_id_idx on artifact_likes (artifact_id, created_at desc, user_id desc);
