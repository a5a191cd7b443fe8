-- no transaction
create index concurrently tool_usage_user_id_status_idx on tool_usage (user_id, status, created_at desc, id desc);
