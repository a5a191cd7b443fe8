-- no transaction
create index concurrently profiles_handle_prefix_idx on profiles (handle text_pattern_ops);
