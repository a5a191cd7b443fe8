-- What a service over aio's schema does all day.
insert into users (email, password_hash, first_name, last_name, bio, avatar_url, preferences)
values ('new@example.com', 'hash', 'New', 'Person', 'Bio', 'https://example.com/a.png', '{"theme": "dark"}');
select id, email, password_hash, first_name, last_name, bio, avatar_url, preferences, active, created_at, updated_at, last_login
from users
where email = 'aio@example.com' and active = true;
update users set bio = 'Changed', last_login = now() where email = 'aio@example.com';
delete from users where email = 'aio@example.com';
insert into sessions (user_id, ip_address, user_agent) select id, '10.0.0.1', 'curl' from users;
delete from sessions where active = false and last_activity < current_date - interval '30 days';
insert into chat_sessions (user_id, title) select id, 'Second' from users where email = 'aio@example.com';
update chat_sessions set title = 'Renamed' where title = 'Chat';
select id, title, message_count, created_at, updated_at from chat_sessions order by updated_at desc limit 10;
delete from chat_sessions where title = 'Chat';
insert into messages (session_id, user_id, content, metadata)
select id, user_id, 'Again', '{"tokens": 3}' from chat_sessions where title = 'Chat';
select content, is_from_user, metadata, created_at from messages
where session_id = (select id from chat_sessions where title = 'Chat')
order by created_at desc
limit 50;
select id from messages where to_tsvector('english', content) @@ plainto_tsquery('english', 'new');
update messages set content = 'Edited' where content = 'New';
delete from messages where content = 'New';
insert into messages_archive select * from messages where created_at < current_date - interval '1 year';
select count(*) from messages_archive;
insert into artifacts (user_id, session_id, tool_name, name, type, file_path, file_size, metadata)
select user_id, id, 'coder', 'Code', 'code', '/files/code.js', 12, '{"lines": 1}' from chat_sessions where title = 'Chat';
select id, tool_name, name, type, file_path, file_size from artifacts where tool_name = 'painter';
update artifacts set name = 'Renamed' where name = 'Picture';
delete from artifacts where name = 'Picture';
insert into tools_usage (user_id, tool_name, operation, duration_ms, status, parameters)
select id, 'coder', 'write', 5, 'failure', '{"a": 1}' from users;
select tool_name, count(*) as usage_count from tools_usage group by tool_name order by usage_count desc limit 10;
insert into google_drive_files (user_id, drive_file_id, name, mime_type, file_size)
select id, 'drive-2', 'b.txt', 'text/plain', 3 from users where email = 'aio@example.com';
update google_drive_files set synced_at = now() where drive_file_id = 'drive-1';
delete from google_drive_files where drive_file_id = 'drive-1';
select * from user_stats where email = 'aio@example.com';
select chat_sessions_count, messages_count, artifacts_count, tools_used_count
from get_user_activity((select id from users where email = 'aio@example.com'));
select * from get_user_activity((select id from users where email = 'aio@example.com'), 7);
select count(distinct user_id) from messages where created_at >= current_date - interval '7 days';
select pg_size_pretty(pg_database_size(current_database()));
