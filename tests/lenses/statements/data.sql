-- A person of each system, and a little of everything they make.
set role atelier_importer;
insert into december.users (id, email, name)
values ('018f0000-0000-7000-8000-00000000000d', 'dec@example.com', 'December');
insert into december.containers (id, container_id, name, status, assigned_port, user_id) values (
    '018f0000-0000-7000-8000-0000000000dc', 'docker-1', 'Box', 'running', 3001, '018f0000-0000-7000-8000-00000000000d'
);
insert into december.sessions (user_id, token, expires_at)
values ('018f0000-0000-7000-8000-00000000000d', 'plain-token', now() + interval '1 day');
insert into december.projects (container_id, name, user_id)
values ('018f0000-0000-7000-8000-0000000000dc', 'Site', '018f0000-0000-7000-8000-00000000000d');
insert into december.chat_messages (container_id, session_id, role, content, attachments)
values ('018f0000-0000-7000-8000-0000000000dc', 'session-1', 'user', 'Hello', '[{"name": "a.png", "size": 3}]');
insert into december.file_storage (container_id, file_path, file_name, file_size)
values ('018f0000-0000-7000-8000-0000000000dc', '/app/page.tsx', 'page.tsx', 10);

insert into aio.users (id, email, first_name, last_name, password_hash)
values ('018f0000-0000-7000-8000-00000000000a', 'aio@example.com', 'Ada', 'Aio', 'hash');
insert into aio.sessions (user_id, active, last_activity)
values ('018f0000-0000-7000-8000-00000000000a', false, now() - interval '40 days');
insert into aio.chat_sessions (id, user_id, title)
values ('018f0000-0000-7000-8000-0000000000ac', '018f0000-0000-7000-8000-00000000000a', 'Chat');
insert into aio.messages (session_id, user_id, content, created_at)
select '018f0000-0000-7000-8000-0000000000ac', '018f0000-0000-7000-8000-00000000000a', 'Old', now() - interval '2 years'
from generate_series(1, 3);
insert into aio.messages (session_id, content, is_from_user) values ('018f0000-0000-7000-8000-0000000000ac', 'New', false);
insert into aio.artifacts (id, user_id, session_id, tool_name, name, type, file_path) values (
    '018f0000-0000-7000-8000-0000000000aa', '018f0000-0000-7000-8000-00000000000a', '018f0000-0000-7000-8000-0000000000ac',
    'painter', 'Picture', 'image', '/files/picture.png'
);
insert into aio.tools_usage (user_id, artifact_id, tool_name, operation, status, duration_ms) values (
    '018f0000-0000-7000-8000-00000000000a', '018f0000-0000-7000-8000-0000000000aa', 'painter', 'paint', 'success', 120
);
insert into aio.google_drive_files (user_id, artifact_id, drive_file_id, name)
values ('018f0000-0000-7000-8000-00000000000a', '018f0000-0000-7000-8000-0000000000aa', 'drive-1', 'picture.png');
reset role;
