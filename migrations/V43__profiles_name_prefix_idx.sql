-- no transaction
create index concurrently profiles_name_prefix_idx on profiles (lower(display_name) text_pattern_ops);
