-- Rows for every table of the schema as it was with V6: 200 people and what they made.
create temporary table people as
select uuid_v7() as id, number, uuid_v7() as chat_id, uuid_v7() as message_id, uuid_v7() as project_id, uuid_v7() as artifact_id,
    uuid_v7() as version_id, uuid_v7() as blob_id
from generate_series(1, 200) as number;

insert into users (id, email, password_hash, name, given_name, family_name, preferences, last_login_at)
select id, 'person' || number || '@example.com', 'hash', 'Zoë ' || number, 'Zoë', null, '{"theme": "dark"}', now()
from people;
insert into sessions (user_id, token_hash, ip_address, user_agent, expires_at)
select id, sha256(id::text::bytea), '192.0.2.1', 'test', now() + interval '30 days' from people;
insert into blobs (id, user_id, sha256, size, content_type, content)
select blob_id, id, sha256('text'), 4, 'text/plain', 'text' from people;
insert into profiles (user_id, handle, display_name, bio, avatar_blob_id, age, gender, city, country)
select id, 'person-' || number, 'Person', 'ünïcödé', blob_id, 30, 'x', 'Zürich', 'CH' from people;
insert into uploads (user_id, purpose, filename, content_type, size, sha256, state, blob_id, expires_at)
select id, 'file', 'a.txt', 'text/plain', 4, sha256('text'), 'ready', blob_id, now() + interval '7 days' from people;
insert into chats (id, user_id, title, external_key) select chat_id, id, 'Chat', 'key' from people;
insert into messages (id, chat_id, user_id, role, content, metadata, client_id)
select message_id, chat_id, id, 'user', 'Hello, 世界', '{"a": 1}', 'm-1' from people;
insert into messages (chat_id, user_id, role, content, parent_id)
select chat_id, id, 'assistant', 'An answer', message_id from people;
insert into message_attachments (message_id, user_id, position, blob_id, original_name, mime_type, size_bytes)
select message_id, id, 1, blob_id, 'a.txt', 'text/plain', 4 from people;
insert into projects (id, owner_id, name, chat_id) select project_id, id, 'Project', chat_id from people;
begin;
insert into artifacts (id, owner_user_id, title, visibility, chat_id, project_id, current_version_id, versions_count)
select artifact_id, id, 'A clock', case when number % 2 = 0 then 'public' else 'private' end, chat_id, project_id, version_id, 1
from people;
insert into artifact_versions (id, artifact_id, version_index, files_count, size, additions, deletions)
select version_id, artifact_id, 1, 1, 4, 1, 0 from people;
commit;
insert into artifacts (owner_user_id, title, forked_from_id, forked_from_owner_user_id, forked_from_version_id, origin_artifact_id)
select id, 'A fork', artifact_id, id, version_id, artifact_id from people;
insert into artifact_files (artifact_id, path, first_index, blob_id) select artifact_id, 'a.txt', 1, blob_id from people;
insert into artifact_version_chats (version_id, artifact_id, chat) select version_id, artifact_id, '[]' from people;
insert into artifact_media (artifact_id, screenshot_blob_id, thumb_blob_id) select artifact_id, blob_id, blob_id from people;
insert into artifact_likes (artifact_id, user_id) select artifact_id, id from people;
insert into idempotency_keys (caller, key_hash, fingerprint, reply) select id, sha256('key'), sha256('body'), 'reply' from people;
