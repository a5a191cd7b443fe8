-- What a service over december's schema does all day.
insert into users (email, name, avatar_url) values ('new@example.com', 'New', 'https://example.com/a.png');
select id, email, name, avatar_url, created_at, updated_at, last_login, is_active from users where email = 'dec@example.com';
update users set last_login = now() where email = 'dec@example.com';
delete from users where email = 'dec@example.com';
insert into containers (container_id, name, status, image_name, user_id)
values ('docker-2', 'Second', 'created', 'node:20', (select id from users where email = 'dec@example.com'));
update containers set status = 'running', assigned_port = 3002, url = 'http://localhost:3002', started_at = now()
where container_id = 'docker-1';
update containers set status = 'stopped', stopped_at = now() where container_id = 'docker-1';
delete from containers where container_id = 'docker-1';
select * from active_containers;
select container_id, name, status, image_name, assigned_port, url, labels, metadata, user_email, project_name,
    project_description
from active_containers
where assigned_port = 3001;
insert into sessions (user_id, token, expires_at, ip_address, user_agent)
select id, 'another-token', now() + interval '1 hour', '10.0.0.1', 'curl' from users where email = 'dec@example.com';
update sessions set last_activity = now() where is_active;
delete from sessions where expires_at < now();
select user_id from sessions where token = 'sha256:' || encode(sha256('plain-token'), 'hex');
insert into projects (container_id, name, type, user_id, metadata, settings)
select id, 'Second', 'react', user_id, '{"a": 1}', '{"b": 2}' from containers where container_id = 'docker-1';
update projects set status = 'archived' where name = 'Site';
delete from projects where status = 'deleted';
select * from user_projects;
select name, container_status, assigned_port, url, message_count from user_projects where status = 'active';
insert into chat_messages (container_id, session_id, role, content, metadata)
select id, 'session-1', 'assistant', 'Hi', '{"model": "x"}' from containers where container_id = 'docker-1';
select role, content, attachments from chat_messages where session_id = 'session-1' order by created_at;
delete from chat_messages where created_at < now() - interval '6 months';
insert into file_storage (container_id, file_path, file_name, file_size, mime_type)
select id, '/app/layout.tsx', 'layout.tsx', 20, 'text/plain' from containers where container_id = 'docker-1';
update file_storage set is_deleted = true where file_path = '/app/page.tsx';
delete from file_storage where is_deleted;
do $$ begin
    create table notes (updated_at timestamptz);
    create trigger notes_touch before update on notes for each row execute function update_updated_at_column();
end $$;
