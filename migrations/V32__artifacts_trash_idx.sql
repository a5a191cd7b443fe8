-- no transaction
create index concurrently artifacts_trash_idx on artifacts (owner_user_id, deleted_at desc, id desc) where deleted_at is not null;
