-- no transaction
create index concurrently tool_usage_user_id_tool_name_idx on tool_usage (user_id, tool_name, created_at desc, id desc);
