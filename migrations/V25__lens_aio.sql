create schema aio;
comment on schema aio is 'The lens of aio: its tables, views, functions and triggers over the model.';

create function aio.update_updated_at_column() returns trigger
language plpgsql
as $$
begin
    new.updated_at := now();
    return new;
end;
$$;
comment on function aio.update_updated_at_column() is
    'The document''s: it runs before the trigger that writes the row, whose name sorts behind.';

create view aio.users as
select
    users.id,
    lens.shown(users.kept -> 'aio.users' -> 'email', users.email) as email,
    lens.secret(users.password_hash) as password_hash,
    coalesce(
        users.given_name,
        case when users.family_name is null then substring(users.name from '^\s*(\S+)') end,
        ''
    ) as first_name,
    coalesce(
        users.family_name,
        case when users.given_name is null then substring(users.name from '^\s*\S+\s+(.*\S)') end,
        ''
    ) as last_name,
    profiles.bio,
    lens.shown(users.kept -> 'aio.users' -> 'avatar_url', lens.url(blobs.storage_key)) as avatar_url,
    lens.shown(users.kept -> 'aio.users' -> 'preferences', users.preferences) as preferences,
    lens.shown(users.kept -> 'aio.users' -> 'active', users.is_active) as active,
    lens.shown(users.kept -> 'aio.users' -> 'created_at', users.created_at) as created_at,
    lens.shown(users.kept -> 'aio.users' -> 'updated_at', users.updated_at) as updated_at,
    lens.shown(users.kept -> 'aio.users' -> 'last_login', users.last_login_at) as last_login
from public.users
left join public.profiles on profiles.user_id = users.id
left join public.blobs on blobs.id = profiles.avatar_blob_id
where users.id <> lens.nobody();
comment on view aio.users is 'Accounts.';
comment on column aio.users.id is 'users.id';
comment on column aio.users.email is
    'users.email: a stand-in there for what is no address to the model, or differs from another account''s in case only';
comment on column aio.users.password_hash is 'users.password_hash: null for those who may not write';
comment on column aio.users.first_name is
    'users.given_name, users.name: the first word of a name that is only known as a whole';
comment on column aio.users.last_name is 'users.family_name, users.name: the rest of a name that is only known as a whole';
comment on column aio.users.bio is 'profiles.bio';
comment on column aio.users.avatar_url is 'profiles.avatar_blob_id: a URL that leads elsewhere is kept';
comment on column aio.users.preferences is 'users.preferences';
comment on column aio.users.active is 'users.is_active';
comment on column aio.users.created_at is 'users.created_at';
comment on column aio.users.updated_at is 'users.updated_at';
comment on column aio.users.last_login is 'users.last_login_at';
-- The document's defaults: left out is not the same as null.
alter view aio.users alter column id set default uuid_v7();
alter view aio.users alter column preferences set default '{}';
alter view aio.users alter column active set default true;
alter view aio.users alter column created_at set default now();
alter view aio.users alter column updated_at set default now();

create function aio.write_user() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    account public.users;
    avatar_blob_id uuid;
    avatar_url text;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into account from public.users where users.id = old.id for update;
        if new.avatar_url is not distinct from old.avatar_url then
            select blobs.id, lens.url(blobs.storage_key) into avatar_blob_id, avatar_url
            from public.profiles
            join public.blobs on blobs.id = profiles.avatar_blob_id
            where profiles.user_id = old.id;
        end if;
    end if;
    -- What is made of a whole name stays so until somebody says otherwise.
    if new.first_name is distinct from old.first_name or new.last_name is distinct from old.last_name then
        account.given_name := new.first_name;
        account.family_name := new.last_name;
    end if;
    account.email := lens.email(new.email, new.id);
    account.preferences := lens.object(new.preferences);
    account.is_active := coalesce(new.active, false);
    account.last_login_at := lens.time(new.last_login, null);
    account.created_at := lens.time(new.created_at, coalesce(account.created_at, now()));
    account.updated_at := lens.time(new.updated_at, account.created_at);
    kept := lens.kept('aio.users', to_jsonb(new), jsonb_build_object(
        'email', account.email,
        'avatar_url', avatar_url,
        'preferences', account.preferences,
        'active', account.is_active,
        'created_at', account.created_at,
        'updated_at', account.updated_at,
        'last_login', account.last_login_at
    ));
    if tg_op = 'INSERT' then
        insert into public.users (
            id, email, password_hash, given_name, family_name, preferences, is_active, last_login_at, kept, created_at,
            updated_at
        )
        values (
            new.id, account.email, new.password_hash, account.given_name, account.family_name, account.preferences,
            account.is_active, account.last_login_at, kept, account.created_at, account.updated_at
        );
    else
        update public.users set
            id = new.id,
            email = account.email,
            password_hash = new.password_hash,
            given_name = account.given_name,
            family_name = account.family_name,
            preferences = account.preferences,
            is_active = account.is_active,
            last_login_at = account.last_login_at,
            kept = lens.merge(users.kept, 'aio.users', kept),
            created_at = account.created_at
        where users.id = old.id;
    end if;
    -- What lens.add_profile() does, and the rest of the profile with it.
    insert into public.profiles (user_id, handle, bio, avatar_blob_id)
    values (new.id, lens.handle(new.first_name, new.id), new.bio, avatar_blob_id)
    on conflict on constraint profiles_pkey do update set
        bio = excluded.bio,
        avatar_blob_id = excluded.avatar_blob_id
    where (profiles.bio, profiles.avatar_blob_id) is distinct from (excluded.bio, excluded.avatar_blob_id);
    return new;
end;
$$;
create trigger write_user instead of insert or update on aio.users
    for each row execute function aio.write_user();
create trigger update_users_updated_at instead of update on aio.users
    for each row execute function aio.update_updated_at_column();
create trigger delete_user instead of delete on aio.users
    for each row execute function lens.delete_row('users', 'id', 'id');

-- The document's foreign key deletes what a user wrote in the chats of others. No index leads there: once a statement, then.
create function aio.delete_messages_to_others() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from public.messages
    where messages.archived_at is null
      and messages.kept #>> '{aio.messages,user_id,was}' is not null
      and not exists (select from public.users where users.id = (messages.kept #>> '{aio.messages,user_id,was}')::uuid);
    return null;
end;
$$;
create trigger delete_messages_to_others after delete on aio.users
    for each statement execute function aio.delete_messages_to_others();

create view aio.sessions as
select
    sessions.id,
    sessions.user_id,
    sessions.ip_address,
    sessions.user_agent,
    lens.shown(sessions.kept -> 'aio.sessions' -> 'created_at', sessions.created_at) as created_at,
    lens.shown(sessions.kept -> 'aio.sessions' -> 'last_activity', sessions.last_activity_at) as last_activity,
    lens.shown(sessions.kept -> 'aio.sessions' -> 'active', sessions.is_active) as active
from public.sessions;
comment on view aio.sessions is 'Sign-ins.';
comment on column aio.sessions.id is 'sessions.id';
comment on column aio.sessions.user_id is 'sessions.user_id';
comment on column aio.sessions.ip_address is 'sessions.ip_address';
comment on column aio.sessions.user_agent is 'sessions.user_agent';
comment on column aio.sessions.created_at is 'sessions.created_at';
comment on column aio.sessions.last_activity is 'sessions.last_activity_at';
comment on column aio.sessions.active is 'sessions.is_active';
alter view aio.sessions alter column id set default uuid_v7();
alter view aio.sessions alter column created_at set default now();
alter view aio.sessions alter column last_activity set default now();
alter view aio.sessions alter column active set default true;

create function aio.write_session() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    session public.sessions;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into session from public.sessions where sessions.id = old.id for update;
    end if;
    session.is_active := coalesce(new.active, false);
    session.created_at := lens.time(new.created_at, coalesce(session.created_at, now()));
    session.last_activity_at := lens.time(
        new.last_activity, coalesce(session.last_activity_at, session.created_at)
    );
    kept := lens.kept('aio.sessions', to_jsonb(new), jsonb_build_object(
        'created_at', session.created_at,
        'last_activity', session.last_activity_at,
        'active', session.is_active
    ));
    if tg_op = 'INSERT' then
        -- The document has no token, so nobody gets one: it is the hash of something random that is forgotten here.
        insert into public.sessions (
            id, user_id, token_hash, ip_address, user_agent, is_active, last_activity_at, expires_at, kept, created_at
        )
        values (
            new.id, new.user_id, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), new.ip_address,
            new.user_agent, session.is_active, session.last_activity_at,
            least(session.last_activity_at, timestamptz '9999-11-01Z') + interval '30 days', kept, session.created_at
        );
    else
        update public.sessions set
            id = new.id,
            user_id = new.user_id,
            ip_address = new.ip_address,
            user_agent = new.user_agent,
            is_active = session.is_active,
            last_activity_at = session.last_activity_at,
            kept = lens.merge(sessions.kept, 'aio.sessions', kept),
            created_at = session.created_at
        where sessions.id = old.id;
    end if;
    return new;
end;
$$;
create trigger write_session instead of insert or update on aio.sessions
    for each row execute function aio.write_session();
create trigger delete_session instead of delete on aio.sessions
    for each row execute function lens.delete_row('sessions', 'id', 'id');

create view aio.chat_sessions as
select
    chats.id,
    chats.user_id,
    chats.title,
    lens.shown(chats.kept -> 'aio.chat_sessions' -> 'message_count', (
        select coalesce(sum(chat_counts.messages), 0)
        from public.chat_counts
        where chat_counts.chat_id = chats.id
    )::integer) as message_count,
    lens.shown(chats.kept -> 'aio.chat_sessions' -> 'created_at', chats.created_at) as created_at,
    lens.shown(
        chats.kept -> 'aio.chat_sessions' -> 'updated_at',
        greatest(
            chats.updated_at,
            (select max(messages.created_at) from public.messages where messages.chat_id = chats.id)
        )
    ) as updated_at
from public.chats
where chats.user_id <> lens.nobody();
comment on view aio.chat_sessions is 'Conversations.';
comment on column aio.chat_sessions.id is 'chats.id';
comment on column aio.chat_sessions.user_id is 'chats.user_id';
comment on column aio.chat_sessions.title is 'chats.title';
comment on column aio.chat_sessions.message_count is
    'chat_counts.messages: the archived ones too; what an import was given is shown until the number changes';
comment on column aio.chat_sessions.created_at is 'chats.created_at';
comment on column aio.chat_sessions.updated_at is
    'chats.updated_at, messages.created_at: each message moves it, without a write';
alter view aio.chat_sessions alter column id set default uuid_v7();
alter view aio.chat_sessions alter column message_count set default 0;
alter view aio.chat_sessions alter column created_at set default now();
alter view aio.chat_sessions alter column updated_at set default now();

create function aio.write_chat() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    chat public.chats;
    shown_updated_at timestamptz;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into chat from public.chats where chats.id = old.id for update;
    end if;
    chat.created_at := lens.time(new.created_at, coalesce(chat.created_at, now()));
    chat.updated_at := lens.time(new.updated_at, chat.created_at);
    if tg_op = 'UPDATE' then
        select greatest(now(), max(messages.created_at)) into shown_updated_at
        from public.messages
        where messages.chat_id = old.id;
    elsif new.updated_at = now() or new.updated_at is distinct from chat.updated_at then
        shown_updated_at := chat.updated_at;
    end if;
    -- Brought from elsewhere, as its time tells, its messages are still to come: finish_import() says what it reads then.
    kept := lens.kept('aio.chat_sessions', to_jsonb(new), jsonb_build_object(
        'created_at', chat.created_at,
        'updated_at', shown_updated_at
    ) || case
        -- No number that there can be: until finish_import() the model's is shown.
        when tg_op = 'INSERT' then jsonb_build_object('message_count', case when new.message_count is null then -1 end)
        else '{}'
    end);
    if tg_op = 'INSERT' then
        new.message_count := 0;
        insert into public.chats (id, user_id, title, kept, created_at, updated_at)
        values (new.id, new.user_id, new.title, kept, chat.created_at, chat.updated_at);
    else
        new.message_count := old.message_count;
        update public.chats set
            id = new.id,
            user_id = new.user_id,
            title = new.title,
            kept = lens.merge(chats.kept, 'aio.chat_sessions', kept),
            created_at = chat.created_at
        where chats.id = old.id;
    end if;
    return new;
end;
$$;
create trigger write_chat instead of insert or update on aio.chat_sessions
    for each row execute function aio.write_chat();
create trigger update_chat_sessions_updated_at instead of update on aio.chat_sessions
    for each row execute function aio.update_updated_at_column();
create trigger delete_chat instead of delete on aio.chat_sessions
    for each row execute function lens.delete_row('chats', 'id', 'id');

create view aio.messages as
select
    messages.id,
    messages.chat_id as session_id,
    lens.shown(
        messages.kept -> 'aio.messages' -> 'user_id', case when messages.role <> 'system' then messages.user_id end
    ) as user_id,
    messages.content,
    messages.role = 'user' as is_from_user,
    lens.shown(messages.kept -> 'aio.messages' -> 'metadata', messages.metadata) as metadata,
    lens.shown(messages.kept -> 'aio.messages' -> 'created_at', messages.created_at) as created_at
from public.messages
where messages.archived_at is null and messages.user_id <> lens.nobody();
comment on view aio.messages is 'Messages, without the archived ones.';

create view aio.messages_archive as
select
    messages.id,
    messages.chat_id as session_id,
    lens.shown(
        messages.kept -> 'aio.messages' -> 'user_id',
        case when messages.role <> 'system' then nullif(messages.user_id, lens.nobody()) end
    ) as user_id,
    messages.content,
    messages.role = 'user' as is_from_user,
    lens.shown(messages.kept -> 'aio.messages' -> 'metadata', messages.metadata) as metadata,
    lens.shown(messages.kept -> 'aio.messages' -> 'created_at', messages.created_at) as created_at
from public.messages
where messages.archived_at is not null;
comment on view aio.messages_archive is
    'Archived messages: what is inserted here leaves messages, but stays in its chat and is counted there as before.';

do $$
declare
    view_name text;
begin
    foreach view_name in array array['messages', 'messages_archive'] loop
        execute format('comment on column aio.%I.id is %L', view_name, 'messages.id');
        execute format('comment on column aio.%I.session_id is %L', view_name, 'messages.chat_id');
        execute format(
            'comment on column aio.%I.user_id is %L', view_name,
            'messages.user_id: the chat''s owner, null where the system speaks; another sender is kept'
        );
        execute format('comment on column aio.%I.content is %L', view_name, 'messages.content');
        execute format('comment on column aio.%I.is_from_user is %L', view_name, 'messages.role');
        execute format('comment on column aio.%I.metadata is %L', view_name, 'messages.metadata');
        execute format('comment on column aio.%I.created_at is %L', view_name, 'messages.created_at');
        execute format('alter view aio.%I alter column id set default uuid_v7()', view_name);
        execute format('alter view aio.%I alter column is_from_user set default true', view_name);
        execute format('alter view aio.%I alter column metadata set default %L', view_name, '{}');
        execute format('alter view aio.%I alter column created_at set default now()', view_name);
    end loop;
end;
$$;

create function aio.update_message_count() returns trigger
language plpgsql
as $$
begin
    return coalesce(new, old);
end;
$$;
comment on function aio.update_message_count() is
    'The document''s, with nothing left to do: the model counts. Apart from what writes messages, so that a script which makes the document''s functions anew replaces nothing that is needed.';

-- The model counts: this writes the messages that are counted, and no row of their chat.
create function aio.write_message() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    is_archive boolean := tg_table_name = 'messages_archive';
    chat record;
    message public.messages;
    kept jsonb;
begin
    if tg_op = 'DELETE' then
        -- Looked at again: what was archived while this statement ran is no longer in messages.
        delete from public.messages where messages.id = old.id and (messages.archived_at is not null) = is_archive;
        return case when found then old end;
    end if;
    if tg_op = 'UPDATE' then
        select * into message from public.messages where messages.id = old.id for update;
    elsif is_archive then
        update public.messages set archived_at = now() where messages.id = new.id and messages.archived_at is null;
        if found or exists (select from public.messages where messages.id = new.id) then
            return new;
        end if;
        message.archived_at := now();
        -- The document's archive outlives its chats: what is left of one belongs to nobody.
        insert into public.chats (id, user_id)
        select new.session_id, lens.add_nobody()
        where not exists (select from public.chats where chats.id = new.session_id)
        on conflict do nothing;
    end if;
    select chats.user_id, chats.created_at into chat from public.chats where chats.id = new.session_id;
    if not found then
        raise foreign_key_violation using message = format('message %s is of no chat session', new.id);
    end if;
    if new.is_from_user is distinct from old.is_from_user or new.user_id is distinct from old.user_id then
        if new.user_id <> chat.user_id and not is_archive
            and not exists (select from public.users where users.id = new.user_id)
        then
            raise foreign_key_violation using message = format('message %s is of no user', new.id);
        end if;
        message.role := case
            when new.is_from_user then 'user'
            when not new.is_from_user and new.user_id is null then 'system'
            when not new.is_from_user then 'assistant'
        end;
    end if;
    message.metadata := lens.object(new.metadata);
    message.created_at := lens.time(new.created_at, coalesce(message.created_at, chat.created_at));
    kept := lens.kept('aio.messages', to_jsonb(new), jsonb_build_object(
        'user_id', case when message.role <> 'system' then nullif(chat.user_id, lens.nobody()) end,
        'metadata', message.metadata,
        'created_at', message.created_at
    ));
    if tg_op = 'INSERT' then
        insert into public.messages (id, chat_id, user_id, role, content, metadata, kept, archived_at, created_at)
        values (
            new.id, new.session_id, chat.user_id, message.role, new.content, message.metadata, kept, message.archived_at,
            message.created_at
        );
    else
        update public.messages set
            id = new.id,
            chat_id = new.session_id,
            user_id = chat.user_id,
            role = message.role,
            content = new.content,
            metadata = message.metadata,
            kept = lens.merge(messages.kept, 'aio.messages', kept),
            created_at = message.created_at
        where messages.id = old.id;
        if found and new.session_id <> old.session_id then
            perform lens.count_moved(old.session_id, new.session_id);
        end if;
    end if;
    return new;
end;
$$;
create trigger update_message_count_trigger instead of insert or delete on aio.messages
    for each row execute function aio.write_message();
create trigger write_message instead of update on aio.messages
    for each row execute function aio.write_message();
create trigger write_message instead of insert or update or delete on aio.messages_archive
    for each row execute function aio.write_message();

create view aio.artifacts as
select
    artifacts.id,
    artifacts.owner_user_id as user_id,
    case
        when artifacts.kept -> 'aio.artifacts' -> 'session_id' is null then artifacts.chat_id
        else (
            select chats.id
            from public.chats
            where chats.id = lens.original(artifacts.kept -> 'aio.artifacts' -> 'session_id', artifacts.chat_id)
        )
    end as session_id,
    coalesce(artifacts.tool_name, '') as tool_name,
    artifacts.title as name,
    artifacts.type,
    lens.shown(
        artifacts.kept -> 'aio.artifacts' -> 'file_path',
        coalesce((
            select min(artifact_files.path)
            from public.artifact_files
            where artifact_files.artifact_id = artifacts.id and artifact_files.last_index is null
        ), '')
    ) as file_path,
    lens.shown(
        artifacts.kept -> 'aio.artifacts' -> 'file_size',
        (select artifact_versions.size from public.artifact_versions where artifact_versions.id = artifacts.current_version_id)
    ) as file_size,
    lens.shown(artifacts.kept -> 'aio.artifacts' -> 'metadata', artifacts.metadata) as metadata,
    lens.shown(artifacts.kept -> 'aio.artifacts' -> 'created_at', artifacts.created_at) as created_at
from public.artifacts
where artifacts.deleted_at is null and artifacts.owner_user_id <> lens.nobody();
comment on view aio.artifacts is 'What tools created, without what is in the trash.';
comment on column aio.artifacts.id is 'artifacts.id';
comment on column aio.artifacts.user_id is 'artifacts.owner_user_id';
comment on column aio.artifacts.session_id is
    'artifacts.chat_id: a chat of another user is kept, for as long as it is there';
comment on column aio.artifacts.tool_name is 'artifacts.tool_name';
comment on column aio.artifacts.name is 'artifacts.title';
comment on column aio.artifacts.type is 'artifacts.type';
comment on column aio.artifacts.file_path is 'artifact_files.path: the first file of the current version';
comment on column aio.artifacts.file_size is 'artifact_versions.size: of the current version';
comment on column aio.artifacts.metadata is 'artifacts.metadata';
comment on column aio.artifacts.created_at is 'artifacts.created_at';
alter view aio.artifacts alter column id set default uuid_v7();
alter view aio.artifacts alter column metadata set default '{}';
alter view aio.artifacts alter column created_at set default now();

create function aio.write_artifact() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    artifact public.artifacts;
    file_path text := '';
    file_size bigint;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into artifact from public.artifacts where artifacts.id = old.id for update;
        select coalesce(min(artifact_files.path), '') into file_path
        from public.artifact_files
        where artifact_files.artifact_id = old.id and artifact_files.last_index is null;
        select artifact_versions.size into file_size
        from public.artifact_versions
        where artifact_versions.id = artifact.current_version_id;
    end if;
    artifact.chat_id := new.session_id;
    if exists (select from public.chats where chats.id = new.session_id and chats.user_id <> new.user_id) then
        artifact.chat_id := null;
    end if;
    artifact.metadata := lens.object(new.metadata);
    artifact.created_at := lens.time(new.created_at, coalesce(artifact.created_at, now()));
    kept := lens.kept('aio.artifacts', to_jsonb(new), jsonb_build_object(
        'session_id', artifact.chat_id,
        'file_path', file_path,
        'file_size', file_size,
        'metadata', artifact.metadata,
        'created_at', artifact.created_at
    ));
    if tg_op = 'INSERT' then
        insert into public.artifacts (
            id, owner_user_id, title, visibility, type, tool_name, metadata, chat_id, kept, created_at, updated_at
        )
        values (
            new.id, new.user_id, new.name, 'private', new.type, nullif(new.tool_name, ''), artifact.metadata, artifact.chat_id,
            kept, artifact.created_at, artifact.created_at
        );
    else
        update public.artifacts set
            id = new.id,
            owner_user_id = new.user_id,
            title = new.name,
            type = new.type,
            tool_name = nullif(new.tool_name, ''),
            metadata = artifact.metadata,
            chat_id = artifact.chat_id,
            kept = lens.merge(artifacts.kept, 'aio.artifacts', kept),
            created_at = artifact.created_at
        where artifacts.id = old.id;
    end if;
    return new;
end;
$$;
create trigger write_artifact instead of insert or update on aio.artifacts
    for each row execute function aio.write_artifact();
create trigger delete_artifact instead of delete on aio.artifacts
    for each row execute function lens.delete_row('artifacts', 'id', 'id');

create view aio.tools_usage as
select
    tool_usage.id,
    tool_usage.user_id,
    tool_usage.artifact_id,
    tool_usage.tool_name,
    tool_usage.operation,
    lens.shown(tool_usage.kept -> 'aio.tools_usage' -> 'duration_ms', tool_usage.duration_ms) as duration_ms,
    tool_usage.status,
    lens.shown(tool_usage.kept -> 'aio.tools_usage' -> 'parameters', tool_usage.parameters) as parameters,
    lens.shown(tool_usage.kept -> 'aio.tools_usage' -> 'created_at', tool_usage.created_at) as created_at
from public.tool_usage;
comment on view aio.tools_usage is 'Each use of a tool.';
comment on column aio.tools_usage.id is 'tool_usage.id';
comment on column aio.tools_usage.user_id is 'tool_usage.user_id';
comment on column aio.tools_usage.artifact_id is 'tool_usage.artifact_id';
comment on column aio.tools_usage.tool_name is 'tool_usage.tool_name';
comment on column aio.tools_usage.operation is 'tool_usage.operation';
comment on column aio.tools_usage.duration_ms is 'tool_usage.duration_ms';
comment on column aio.tools_usage.status is 'tool_usage.status';
comment on column aio.tools_usage.parameters is 'tool_usage.parameters';
comment on column aio.tools_usage.created_at is 'tool_usage.created_at';
alter view aio.tools_usage alter column id set default uuid_v7();
alter view aio.tools_usage alter column parameters set default '{}';
alter view aio.tools_usage alter column created_at set default now();

create function aio.write_tool_usage() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    usage public.tool_usage;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into usage from public.tool_usage where tool_usage.id = old.id for update;
    end if;
    usage.duration_ms := case when new.duration_ms >= 0 then new.duration_ms end;
    usage.parameters := lens.object(new.parameters);
    usage.created_at := lens.time(new.created_at, coalesce(usage.created_at, now()));
    kept := lens.kept('aio.tools_usage', to_jsonb(new), jsonb_build_object(
        'duration_ms', usage.duration_ms,
        'parameters', usage.parameters,
        'created_at', usage.created_at
    ));
    if tg_op = 'INSERT' then
        insert into public.tool_usage (
            id, user_id, artifact_id, tool_name, operation, duration_ms, status, parameters, kept, created_at
        )
        values (
            new.id, new.user_id, new.artifact_id, new.tool_name, new.operation, usage.duration_ms, new.status,
            usage.parameters, kept, usage.created_at
        );
    else
        update public.tool_usage set
            id = new.id,
            user_id = new.user_id,
            artifact_id = new.artifact_id,
            tool_name = new.tool_name,
            operation = new.operation,
            duration_ms = usage.duration_ms,
            status = new.status,
            parameters = usage.parameters,
            kept = lens.merge(tool_usage.kept, 'aio.tools_usage', kept),
            created_at = usage.created_at
        where tool_usage.id = old.id;
    end if;
    return new;
end;
$$;
create trigger write_tool_usage instead of insert or update on aio.tools_usage
    for each row execute function aio.write_tool_usage();
create trigger delete_tool_usage instead of delete on aio.tools_usage
    for each row execute function lens.delete_row('tool_usage', 'id', 'id');

create view aio.google_drive_files as
select
    drive_files.id,
    drive_files.user_id,
    drive_files.artifact_id,
    drive_files.drive_file_id,
    drive_files.name,
    drive_files.mime_type,
    lens.shown(drive_files.kept -> 'aio.google_drive_files' -> 'file_size', drive_files.file_size) as file_size,
    lens.shown(drive_files.kept -> 'aio.google_drive_files' -> 'synced_at', drive_files.synced_at) as synced_at
from public.drive_files;
comment on view aio.google_drive_files is 'What lies in Google Drive too.';
comment on column aio.google_drive_files.id is 'drive_files.id';
comment on column aio.google_drive_files.user_id is 'drive_files.user_id';
comment on column aio.google_drive_files.artifact_id is 'drive_files.artifact_id';
comment on column aio.google_drive_files.drive_file_id is 'drive_files.drive_file_id';
comment on column aio.google_drive_files.name is 'drive_files.name';
comment on column aio.google_drive_files.mime_type is 'drive_files.mime_type';
comment on column aio.google_drive_files.file_size is 'drive_files.file_size';
comment on column aio.google_drive_files.synced_at is 'drive_files.synced_at';
alter view aio.google_drive_files alter column id set default uuid_v7();
alter view aio.google_drive_files alter column synced_at set default now();

create function aio.write_drive_file() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    file_size bigint := case when new.file_size >= 0 then new.file_size end;
    synced_at timestamptz := lens.time(new.synced_at, null);
    kept jsonb := lens.kept('aio.google_drive_files', to_jsonb(new), jsonb_build_object(
        'file_size', file_size,
        'synced_at', synced_at
    ));
begin
    if tg_op = 'INSERT' then
        insert into public.drive_files (id, user_id, artifact_id, drive_file_id, name, mime_type, file_size, synced_at, kept)
        values (
            new.id, new.user_id, new.artifact_id, new.drive_file_id, new.name, new.mime_type, file_size, synced_at, kept
        );
    else
        update public.drive_files set
            id = new.id,
            user_id = new.user_id,
            artifact_id = new.artifact_id,
            drive_file_id = new.drive_file_id,
            name = new.name,
            mime_type = new.mime_type,
            file_size = file_size,
            synced_at = synced_at,
            kept = lens.merge(drive_files.kept, 'aio.google_drive_files', kept)
        where drive_files.id = old.id;
    end if;
    return new;
end;
$$;
create trigger write_drive_file instead of insert or update on aio.google_drive_files
    for each row execute function aio.write_drive_file();
create trigger delete_drive_file instead of delete on aio.google_drive_files
    for each row execute function lens.delete_row('drive_files', 'id', 'id');

create view aio.user_stats as
select
    users.id,
    users.email,
    users.first_name,
    users.last_name,
    users.created_at as user_created_at,
    users.last_login,
    (select count(*) from public.chats where chats.user_id = users.id) as chat_sessions_count,
    (
        -- Without the archived ones, which a chat's number still has: they are no longer in messages.
        select coalesce(sum(
            (select coalesce(sum(chat_counts.messages), 0) from public.chat_counts where chat_counts.chat_id = chats.id)
            - (select count(*) from public.messages where messages.chat_id = chats.id and messages.archived_at is not null)
        ), 0)::bigint
        from public.chats
        where chats.user_id = users.id
    ) as messages_count,
    (
        select count(*) from public.artifacts where artifacts.owner_user_id = users.id and artifacts.deleted_at is null
    ) as artifacts_count,
    (select count(*) from public.tool_usage where tool_usage.user_id = users.id) as tool_uses_count
from aio.users
where users.active;
comment on view aio.user_stats is 'What active users have. Each number is counted by itself, so that none multiplies another.';

create function aio.get_user_activity(p_user_id uuid, p_days integer default 30) returns table (
    chat_sessions_count bigint, messages_count bigint, artifacts_count bigint, tools_used_count bigint
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    -- An index leads to the times; a time that the lens was given as null is then left out by what it shows.
    select
        (
            select count(*)
            from public.chats
            where chats.user_id = users.id
              and chats.created_at >= since
              and lens.shown(chats.kept -> 'aio.chat_sessions' -> 'created_at', chats.created_at) >= since
        ),
        (
            select count(*)
            from public.chats
            join public.messages on messages.chat_id = chats.id
            where chats.user_id = users.id
              and chats.created_at >= since
              and lens.shown(chats.kept -> 'aio.chat_sessions' -> 'created_at', chats.created_at) >= since
              and messages.archived_at is null
              and messages.created_at >= since
              and lens.shown(messages.kept -> 'aio.messages' -> 'created_at', messages.created_at) >= since
        ),
        (
            select count(*)
            from public.artifacts
            where artifacts.owner_user_id = users.id
              and artifacts.deleted_at is null
              and artifacts.created_at >= since
              and lens.shown(artifacts.kept -> 'aio.artifacts' -> 'created_at', artifacts.created_at) >= since
        ),
        (
            select count(*)
            from public.tool_usage
            where tool_usage.user_id = users.id
              and tool_usage.created_at >= since
              and lens.shown(tool_usage.kept -> 'aio.tools_usage' -> 'created_at', tool_usage.created_at) >= since
        )
    from public.users
    cross join (select (current_date - interval '1 day' * p_days)::timestamptz as since) as period
    where users.id = p_user_id and users.id <> lens.nobody()
$$;
comment on function aio.get_user_activity(uuid, integer) is
    'What a user made in the last days, messages only in chats that began in them; no row for who does not exist.';

create function aio.attach(relation text, row_id uuid, column_name text, blob_id uuid) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    given record;
    blob public.blobs;
    safe_path text;
    version_id uuid;
    known jsonb;
begin
    select * into strict blob from public.blobs where blobs.id = blob_id;
    if (relation, column_name) = ('users', 'avatar_url') then
        select users.avatar_url into strict given from aio.users where users.id = row_id;
        known := jsonb_build_object(
            'avatar_url', jsonb_build_object('was', given.avatar_url, 'is', lens.url(blob.storage_key))
        );
        update public.profiles set avatar_blob_id = blob_id where profiles.user_id = row_id;
        update public.users set
            kept = coalesce(users.kept, '{}')
                || jsonb_build_object('aio.users', coalesce(users.kept -> 'aio.users', '{}') || known)
        where users.id = row_id;
    elsif (relation, column_name) = ('artifacts', 'file_path') then
        perform from public.artifacts
        where artifacts.id = row_id and artifacts.current_version_id is null and artifacts.deleted_at is null
        for update;
        if not found then
            return;
        end if;
        select artifacts.file_path, artifacts.file_size into strict given from aio.artifacts where artifacts.id = row_id;
        -- The path rule of artifacts: relative, no empty, . or .. segments, no control characters, at most 512 bytes.
        select case
            when octet_length(string_agg(part, '/' order by position)) <= 512 then string_agg(part, '/' order by position)
            else right((array_agg(part order by position desc))[1], 128)
        end
        into safe_path
        from regexp_split_to_table(regexp_replace(given.file_path, '[\u0001-\u001f\u007f-\u009f]', '', 'g'), '[/\\]')
            with ordinality as parts (part, position)
        where part not in ('', '.', '..');
        safe_path := coalesce(safe_path, 'file');
        known := jsonb_build_object(
            'file_path', jsonb_build_object('was', given.file_path, 'is', safe_path),
            'file_size', jsonb_build_object('was', given.file_size, 'is', blob.size)
        );
        insert into public.artifact_files (artifact_id, path, first_index, blob_id) values (row_id, safe_path, 1, blob_id);
        insert into public.artifact_versions (
            artifact_id, version_index, version_metadata, files_count, size, additions, deletions
        )
        select
            artifacts.id, 1, jsonb_build_object(
                'title', artifacts.title, 'visibility', artifacts.visibility, 'type', artifacts.type,
                'tool_name', artifacts.tool_name, 'source_session_id', artifacts.source_session_id,
                'forked_from_id', artifacts.forked_from_id
            ),
            1, blob.size, 0, 0
        from public.artifacts
        where artifacts.id = row_id
        returning artifact_versions.id into version_id;
        update public.artifacts set
            current_version_id = version_id,
            versions_count = 1,
            kept = coalesce(artifacts.kept, '{}')
                || jsonb_build_object('aio.artifacts', coalesce(artifacts.kept -> 'aio.artifacts', '{}') || known)
        where artifacts.id = row_id;
    else
        raise invalid_parameter_value using message = format('aio.%s.%s names no file', relation, column_name);
    end if;
end;
$$;
comment on function aio.attach(text, uuid, text, uuid) is
    'Takes a blob for the file that the row names. The row reads as before; an artifact that has a version already keeps it.';

create function aio.finish_import() returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
    -- A message dated after its chat's last change moved nothing in the source. Writing the row moves updated_at to now().
    with changed as (
        select
            chats.id,
            chats.kept #> '{aio.chat_sessions,updated_at}' as known,
            (select max(messages.created_at) from public.messages where messages.chat_id = chats.id) as newest
        from public.chats
        where chats.kept #> '{aio.chat_sessions,updated_at}' is not null
    )
    update public.chats set
        kept = jsonb_set(chats.kept, '{aio.chat_sessions,updated_at,is}', to_jsonb(greatest(now(), changed.newest)))
    from changed
    where chats.id = changed.id
      and changed.newest > chats.updated_at
      and (changed.known ->> 'is' is null or (changed.known ->> 'is')::timestamptz = chats.updated_at);

    -- Sources count otherwise than their messages tell: archiving took from the number, and nothing put it right.
    with shown as (
        select
            chat_sessions.id,
            chat_sessions.message_count,
            chat_sessions.updated_at,
            (select max(messages.created_at) from public.messages where messages.chat_id = chat_sessions.id) as newest
        from aio.chat_sessions
        join public.chats on chats.id = chat_sessions.id
        where chats.kept #> '{aio.chat_sessions,message_count,is}' in ('null', '-1')
    )
    update public.chats set
        kept = jsonb_set(chats.kept, '{aio.chat_sessions}', (chats.kept -> 'aio.chat_sessions') || jsonb_build_object(
            'message_count',
            jsonb_set(chats.kept #> '{aio.chat_sessions,message_count}', '{is}', to_jsonb(shown.message_count)),
            'updated_at',
            jsonb_build_object('was', shown.updated_at, 'is', greatest(now(), shown.newest))
        ))
    from shown
    where chats.id = shown.id;
$$;
comment on function aio.finish_import() is
    'Ends an import: chats whose messages are newer than updated_at show what they were given.';

select lens.publish('aio');
