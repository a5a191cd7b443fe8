-- What a database of aio is: its document's tables, in our own writing.
create table users (
    id uuid primary key default gen_random_uuid(),
    email varchar(255) not null unique,
    password_hash varchar(255),
    first_name varchar(100) not null,
    last_name varchar(100) not null,
    bio text,
    avatar_url varchar(500),
    preferences jsonb default '{}',
    active boolean default true,
    created_at timestamptz default current_timestamp,
    updated_at timestamptz default current_timestamp,
    last_login timestamptz
);
create index idx_users_email on users (email);
create index idx_users_active on users (active);
create index idx_users_created_at on users (created_at);
create index idx_users_email_active on users (email) where active = true;

create table sessions (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (id) on delete cascade,
    ip_address inet,
    user_agent text,
    created_at timestamptz default current_timestamp,
    last_activity timestamptz default current_timestamp,
    active boolean default true
);
create index idx_sessions_user_id on sessions (user_id);
create index idx_sessions_active on sessions (active);
create index idx_sessions_last_activity on sessions (last_activity);

create table chat_sessions (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (id) on delete cascade,
    title varchar(255),
    message_count integer default 0,
    created_at timestamptz default current_timestamp,
    updated_at timestamptz default current_timestamp
);
create index idx_chat_sessions_user_id on chat_sessions (user_id);
create index idx_chat_sessions_updated_at on chat_sessions (updated_at);

create table messages (
    id uuid primary key default gen_random_uuid(),
    session_id uuid not null references chat_sessions (id) on delete cascade,
    user_id uuid references users (id) on delete cascade,
    content text not null,
    is_from_user boolean not null default true,
    metadata jsonb default '{}',
    created_at timestamptz default current_timestamp
);
create index idx_messages_session_id on messages (session_id);
create index idx_messages_user_id on messages (user_id);
create index idx_messages_created_at on messages (created_at);
create index idx_messages_session_created on messages (session_id, created_at desc);
create index idx_messages_content_fts on messages using gin (to_tsvector('english', content));

create table artifacts (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (id) on delete cascade,
    session_id uuid references chat_sessions (id) on delete set null,
    tool_name varchar(100) not null,
    name varchar(255) not null,
    type varchar(100) not null,
    file_path text not null,
    file_size bigint,
    metadata jsonb default '{}',
    created_at timestamptz default current_timestamp
);
create index idx_artifacts_user_id on artifacts (user_id);
create index idx_artifacts_session_id on artifacts (session_id);
create index idx_artifacts_tool_name on artifacts (tool_name);
create index idx_artifacts_created_at on artifacts (created_at);
create index idx_artifacts_user_created on artifacts (user_id, created_at desc);

create table tools_usage (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (id) on delete cascade,
    artifact_id uuid references artifacts (id) on delete set null,
    tool_name varchar(100) not null,
    operation varchar(100) not null,
    duration_ms integer,
    status varchar(50) not null,
    parameters jsonb default '{}',
    created_at timestamptz default current_timestamp
);
create index idx_tools_usage_user_id on tools_usage (user_id);
create index idx_tools_usage_tool_name on tools_usage (tool_name);
create index idx_tools_usage_created_at on tools_usage (created_at);
create index idx_tools_usage_tool_created on tools_usage (tool_name, created_at desc);

create table google_drive_files (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (id) on delete cascade,
    artifact_id uuid references artifacts (id) on delete cascade,
    drive_file_id varchar(255) not null,
    name varchar(255) not null,
    mime_type varchar(255),
    file_size bigint,
    synced_at timestamptz default current_timestamp,
    unique (user_id, drive_file_id)
);
create index idx_google_drive_user_id on google_drive_files (user_id);
create index idx_google_drive_artifact_id on google_drive_files (artifact_id);

create table messages_archive (like messages including all);

-- It multiplies what a user has by what else the user has, then counts each once: right, and slow.
create view user_stats as
select
    users.id,
    users.email,
    users.first_name,
    users.last_name,
    users.created_at as user_created_at,
    users.last_login,
    count(distinct chat_sessions.id) as chat_sessions_count,
    count(distinct messages.id) as messages_count,
    count(distinct artifacts.id) as artifacts_count,
    count(distinct tools_usage.id) as tool_uses_count
from users
left join chat_sessions on chat_sessions.user_id = users.id
left join messages on messages.session_id = chat_sessions.id
left join artifacts on artifacts.user_id = users.id
left join tools_usage on tools_usage.user_id = users.id
where users.active = true
group by users.id;

create function update_updated_at_column() returns trigger
language plpgsql
as $$
begin
    new.updated_at := current_timestamp;
    return new;
end;
$$;
create trigger update_users_updated_at before update on users
    for each row execute function update_updated_at_column();
create trigger update_chat_sessions_updated_at before update on chat_sessions
    for each row execute function update_updated_at_column();

create function update_message_count() returns trigger
language plpgsql
as $$
declare
    change integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
    update chat_sessions set message_count = message_count + change, updated_at = current_timestamp
    where chat_sessions.id = case tg_op when 'INSERT' then new.session_id else old.session_id end;
    return null;
end;
$$;
create trigger update_message_count_trigger after insert or delete on messages
    for each row execute function update_message_count();

create function get_user_activity(p_user_id uuid, p_days integer default 30) returns table (
    chat_sessions_count bigint, messages_count bigint, artifacts_count bigint, tools_used_count bigint
)
language plpgsql
as $$
declare
    since timestamp := current_date - interval '1 day' * p_days;
begin
    return query
    select
        count(distinct chat_sessions.id),
        count(distinct messages.id),
        count(distinct artifacts.id),
        count(distinct tools_usage.id)
    from users
    left join chat_sessions on chat_sessions.user_id = users.id and chat_sessions.created_at >= since
    left join messages on messages.session_id = chat_sessions.id and messages.created_at >= since
    left join artifacts on artifacts.user_id = users.id and artifacts.created_at >= since
    left join tools_usage on tools_usage.user_id = users.id and tools_usage.created_at >= since
    where users.id = p_user_id
    group by users.id;
end;
$$;
