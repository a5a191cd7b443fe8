-- no transaction
-- Of those in use too: who deletes an account finds its artifacts by this one, as the other indexes have only some of them.
create index concurrently artifacts_trash_idx on artifacts (owner_user_id, deleted_at desc, id desc);
