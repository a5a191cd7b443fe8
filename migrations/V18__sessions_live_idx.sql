-- no transaction
create index concurrently sessions_live_idx on sessions (user_id, created_at desc, id desc) where is_active;
