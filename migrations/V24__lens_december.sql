create schema december;
comment on schema december is 'The lens of december: its tables, views, functions and triggers over the model.';

create function december.full_name(name text, given_name text, family_name text) returns text
language sql stable
as $$ select coalesce(name, nullif(trim(concat_ws(' ', given_name, family_name)), '')) $$;
comment on function december.full_name(text, text, text) is 'The one name of an account that may have two.';

create function december.keep(kept jsonb, relation text, was jsonb, "is" jsonb) returns jsonb
language sql immutable
as $$
    select lens.merge(kept, relation, jsonb_build_object(
        relation, coalesce(kept -> relation, '{}') || coalesce(lens.kept(relation, was, "is") -> relation, '{}')
    ))
$$;
comment on function december.keep(jsonb, text, jsonb, jsonb) is
    'The column kept, with lens.kept() of some more columns of a relation of which it may say something already.';

create view december.users as
select
    users.id,
    lens.shown(users.kept -> 'december.users' -> 'email', users.email) as email,
    lens.shown(
        users.kept -> 'december.users' -> 'name',
        december.full_name(users.name, users.given_name, users.family_name)
    ) as name,
    lens.shown(users.kept -> 'december.users' -> 'avatar_url', lens.url(avatars.storage_key)) as avatar_url,
    lens.shown(users.kept -> 'december.users' -> 'created_at', users.created_at) as created_at,
    lens.shown(users.kept -> 'december.users' -> 'updated_at', users.updated_at) as updated_at,
    lens.shown(users.kept -> 'december.users' -> 'last_login', users.last_login_at) as last_login,
    lens.shown(users.kept -> 'december.users' -> 'is_active', users.is_active) as is_active
from public.users
left join public.profiles on profiles.user_id = users.id
left join public.blobs as avatars on avatars.id = profiles.avatar_blob_id
where users.id <> lens.nobody();
comment on view december.users is 'Accounts.';
comment on column december.users.id is 'users.id';
comment on column december.users.email is
    'users.email: a stand-in there for what is no address to the model, or differs from another account''s in case only';
comment on column december.users.name is
    'users.name, users.given_name, users.family_name: the latter two joined where there is no name';
comment on column december.users.avatar_url is 'profiles.avatar_blob_id: the URL of these bytes; one of elsewhere is kept';
comment on column december.users.created_at is 'users.created_at';
comment on column december.users.updated_at is 'users.updated_at';
comment on column december.users.last_login is 'users.last_login_at';
comment on column december.users.is_active is 'users.is_active: null is not active';
-- The document's defaults: left out is not the same as null.
alter view december.users alter column id set default uuid_v7();
alter view december.users alter column created_at set default now();
alter view december.users alter column updated_at set default now();
alter view december.users alter column is_active set default true;

create function december.write_user() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    account public.users;
    avatar_url text;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into account from public.users where users.id = old.id for update;
        if new.updated_at is not distinct from old.updated_at then
            new.updated_at := now();
        end if;
        if new.avatar_url is distinct from old.avatar_url then
            update public.profiles set avatar_blob_id = null
            where profiles.user_id = old.id and profiles.avatar_blob_id is not null;
        else
            select lens.url(blobs.storage_key) into avatar_url
            from public.profiles
            join public.blobs on blobs.id = profiles.avatar_blob_id
            where profiles.user_id = old.id;
        end if;
    end if;
    -- A name that is only shown, made of two, is not written back as one.
    if tg_op = 'INSERT' or new.name is distinct from old.name then
        account.name := new.name;
    end if;
    account.email := lens.email(new.email, new.id);
    account.is_active := coalesce(new.is_active, false);
    account.last_login_at := lens.time(new.last_login, null);
    account.created_at := lens.time(new.created_at, coalesce(account.created_at, now()));
    account.updated_at := case tg_op when 'UPDATE' then now() else lens.time(new.updated_at, account.created_at) end;
    kept := lens.kept('december.users', to_jsonb(new), jsonb_build_object(
        'email', account.email,
        'name', december.full_name(account.name, account.given_name, account.family_name),
        'avatar_url', avatar_url,
        'created_at', account.created_at,
        'updated_at', account.updated_at,
        'last_login', account.last_login_at,
        'is_active', account.is_active
    ));
    if tg_op = 'INSERT' then
        insert into public.users (id, email, name, is_active, last_login_at, kept, created_at, updated_at)
        values (
            new.id, account.email, account.name, account.is_active, account.last_login_at, kept, account.created_at,
            account.updated_at
        );
        perform lens.add_profile(new.id, coalesce(new.name, split_part(new.email, '@', 1)));
    else
        update public.users set
            id = new.id,
            email = account.email,
            name = account.name,
            is_active = account.is_active,
            last_login_at = account.last_login_at,
            kept = lens.merge(users.kept, 'december.users', kept),
            created_at = account.created_at
        where users.id = old.id;
    end if;
    return new;
end;
$$;
create trigger insert_user instead of insert on december.users
    for each row execute function december.write_user();
create trigger update_user instead of update on december.users
    for each row execute function december.write_user();

-- Here and below, an owner is joined and not computed, so that an index finds the rows of one.
create view december.containers as
select
    containers.id,
    containers.container_id,
    containers.name,
    containers.status,
    containers.image_name,
    lens.shown(containers.kept -> 'december.containers' -> 'assigned_port', containers.assigned_port) as assigned_port,
    containers.url,
    lens.shown(containers.kept -> 'december.containers' -> 'created_at', containers.created_at) as created_at,
    lens.shown(containers.kept -> 'december.containers' -> 'updated_at', containers.updated_at) as updated_at,
    lens.shown(containers.kept -> 'december.containers' -> 'started_at', containers.started_at) as started_at,
    lens.shown(containers.kept -> 'december.containers' -> 'stopped_at', containers.stopped_at) as stopped_at,
    owners.id as user_id,
    lens.shown(containers.kept -> 'december.containers' -> 'labels', containers.labels) as labels,
    lens.shown(containers.kept -> 'december.containers' -> 'metadata', containers.metadata) as metadata
from public.containers
left join public.users as owners on owners.id = containers.user_id and owners.id <> lens.nobody()
where containers.id <> lens.nobody();
comment on view december.containers is 'Docker containers.';
comment on column december.containers.id is 'containers.id';
comment on column december.containers.container_id is 'containers.container_id';
comment on column december.containers.name is 'containers.name';
comment on column december.containers.status is 'containers.status';
comment on column december.containers.image_name is 'containers.image_name';
comment on column december.containers.assigned_port is
    'containers.assigned_port: none there where it is no port, or another live container has it';
comment on column december.containers.url is 'containers.url';
comment on column december.containers.created_at is 'containers.created_at';
comment on column december.containers.updated_at is 'containers.updated_at';
comment on column december.containers.started_at is 'containers.started_at';
comment on column december.containers.stopped_at is 'containers.stopped_at';
comment on column december.containers.user_id is 'containers.user_id: null is nobody''s';
comment on column december.containers.labels is 'containers.labels';
comment on column december.containers.metadata is 'containers.metadata';
alter view december.containers alter column id set default uuid_v7();
alter view december.containers alter column status set default 'created';
alter view december.containers alter column created_at set default now();
alter view december.containers alter column updated_at set default now();
alter view december.containers alter column labels set default '{}';
alter view december.containers alter column metadata set default '{}';

create function december.write_container() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    container public.containers;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into container from public.containers where containers.id = old.id for update;
        new.updated_at := now();
    end if;
    container.user_id := coalesce(new.user_id, lens.add_nobody());
    container.assigned_port := new.assigned_port;
    if not new.assigned_port between 1 and 65535 or exists (
        select from public.containers
        where containers.assigned_port = new.assigned_port
          and containers.status in ('created', 'running')
          and new.status in ('created', 'running')
          and containers.id is distinct from old.id
    ) then
        container.assigned_port := null;
    end if;
    container.labels := lens.object(new.labels);
    container.metadata := lens.object(new.metadata);
    container.started_at := lens.time(new.started_at, null);
    container.stopped_at := lens.time(new.stopped_at, null);
    container.created_at := lens.time(new.created_at, coalesce(container.created_at, now()));
    container.updated_at := lens.time(new.updated_at, container.created_at);
    kept := lens.kept('december.containers', to_jsonb(new), jsonb_build_object(
        'assigned_port', container.assigned_port,
        'labels', container.labels,
        'metadata', container.metadata,
        'started_at', container.started_at,
        'stopped_at', container.stopped_at,
        'created_at', container.created_at,
        'updated_at', container.updated_at
    ));
    if tg_op = 'INSERT' then
        insert into public.containers (
            id, user_id, container_id, name, status, image_name, assigned_port, url, labels, metadata, started_at, stopped_at,
            kept, created_at, updated_at
        )
        values (
            new.id, container.user_id, new.container_id, new.name, new.status, new.image_name, container.assigned_port, new.url,
            container.labels, container.metadata, container.started_at, container.stopped_at, kept, container.created_at,
            container.updated_at
        );
    else
        update public.containers set
            id = new.id,
            user_id = container.user_id,
            container_id = new.container_id,
            name = new.name,
            status = new.status,
            image_name = new.image_name,
            assigned_port = container.assigned_port,
            url = new.url,
            labels = container.labels,
            metadata = container.metadata,
            started_at = container.started_at,
            stopped_at = container.stopped_at,
            kept = lens.merge(containers.kept, 'december.containers', kept),
            created_at = container.created_at
        where containers.id = old.id;
    end if;
    return new;
end;
$$;
create trigger insert_container instead of insert on december.containers
    for each row execute function december.write_container();
-- The document's name: like its trigger, an update moves updated_at.
create trigger update_containers_updated_at instead of update on december.containers
    for each row execute function december.write_container();

create function december.delete_container() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    -- In the model these outlive their container; files do not.
    delete from public.projects where projects.container_id = old.id;
    delete from public.chats where chats.container_id = old.id;
    delete from public.containers where containers.id = old.id;
    return old;
end;
$$;
create trigger delete_container instead of delete on december.containers
    for each row execute function december.delete_container();

create function december.delete_user() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    -- A container takes along what is in it, whoever's that is.
    delete from december.containers where containers.user_id = old.id;
    delete from public.users where users.id = old.id;
    return old;
end;
$$;
create trigger delete_user instead of delete on december.users
    for each row execute function december.delete_user();

create view december.sessions as
select
    sessions.id,
    owners.id as user_id,
    lens.secret('sha256:' || encode(sessions.token_hash, 'hex')) as token,
    lens.shown(sessions.kept -> 'december.sessions' -> 'expires_at', sessions.expires_at) as expires_at,
    lens.shown(sessions.kept -> 'december.sessions' -> 'created_at', sessions.created_at) as created_at,
    lens.shown(sessions.kept -> 'december.sessions' -> 'last_activity', sessions.last_activity_at) as last_activity,
    sessions.ip_address,
    sessions.user_agent,
    lens.shown(sessions.kept -> 'december.sessions' -> 'is_active', sessions.is_active) as is_active
from public.sessions
left join public.users as owners on owners.id = sessions.user_id and owners.id <> lens.nobody();
comment on view december.sessions is
    'Sign-ins. A token is written as it is, or as sha256: and its SHA-256 in hex; it is read as the latter.';
comment on column december.sessions.id is 'sessions.id';
comment on column december.sessions.user_id is 'sessions.user_id: null is nobody''s';
comment on column december.sessions.token is 'sessions.token_hash';
comment on column december.sessions.expires_at is 'sessions.expires_at';
comment on column december.sessions.created_at is 'sessions.created_at';
comment on column december.sessions.last_activity is 'sessions.last_activity_at';
comment on column december.sessions.ip_address is 'sessions.ip_address';
comment on column december.sessions.user_agent is 'sessions.user_agent';
comment on column december.sessions.is_active is 'sessions.is_active: null is not active';
alter view december.sessions alter column id set default uuid_v7();
alter view december.sessions alter column created_at set default now();
alter view december.sessions alter column last_activity set default now();
alter view december.sessions alter column is_active set default true;

create function december.write_session() returns trigger
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
    session.user_id := coalesce(new.user_id, lens.add_nobody());
    if new.token ~ '^sha256:[0-9a-f]{64}$' then
        session.token_hash := decode(split_part(new.token, ':', 2), 'hex');
    else
        session.token_hash := sha256(convert_to(new.token, 'UTF8'));
    end if;
    session.is_active := coalesce(new.is_active, false);
    session.created_at := lens.time(new.created_at, coalesce(session.created_at, now()));
    session.last_activity_at := lens.time(new.last_activity, session.created_at);
    session.expires_at := lens.time(new.expires_at, case
        when new.expires_at > now() then timestamptz '9999-12-01Z'
        when new.expires_at <= now() then timestamptz '0001-01-01Z'
    end);
    kept := lens.kept('december.sessions', to_jsonb(new), jsonb_build_object(
        'created_at', session.created_at,
        'last_activity', session.last_activity_at,
        'expires_at', session.expires_at,
        'is_active', session.is_active
    ));
    if tg_op = 'INSERT' then
        insert into public.sessions (
            id, user_id, token_hash, ip_address, user_agent, is_active, last_activity_at, expires_at, kept, created_at
        )
        values (
            new.id, session.user_id, session.token_hash, new.ip_address, new.user_agent, session.is_active,
            session.last_activity_at, session.expires_at, kept, session.created_at
        );
    else
        update public.sessions set
            id = new.id,
            user_id = session.user_id,
            token_hash = session.token_hash,
            ip_address = new.ip_address,
            user_agent = new.user_agent,
            is_active = session.is_active,
            last_activity_at = session.last_activity_at,
            expires_at = session.expires_at,
            kept = lens.merge(sessions.kept, 'december.sessions', kept),
            created_at = session.created_at
        where sessions.id = old.id;
    end if;
    return new;
end;
$$;
create trigger insert_session instead of insert on december.sessions
    for each row execute function december.write_session();
create trigger update_session instead of update on december.sessions
    for each row execute function december.write_session();
create trigger delete_session instead of delete on december.sessions
    for each row execute function lens.delete_row('sessions', 'id', 'id');

create view december.projects as
select
    projects.id,
    projects.container_id,
    projects.name,
    projects.description,
    lens.shown(projects.kept -> 'december.projects' -> 'type', projects.type) as type,
    lens.shown(projects.kept -> 'december.projects' -> 'status', projects.status) as status,
    lens.shown(projects.kept -> 'december.projects' -> 'created_at', projects.created_at) as created_at,
    lens.shown(projects.kept -> 'december.projects' -> 'updated_at', projects.updated_at) as updated_at,
    owners.id as user_id,
    lens.shown(projects.kept -> 'december.projects' -> 'metadata', projects.metadata) as metadata,
    lens.shown(projects.kept -> 'december.projects' -> 'settings', projects.settings) as settings
from public.projects
left join public.users as owners
    on owners.id = projects.owner_id
    and owners.id <> lens.nobody()
    -- What was kept of user_id is always null.
    and owners.id::text is distinct from projects.kept #>> '{december.projects,user_id,is}';
comment on view december.projects is 'What is being built.';
comment on column december.projects.id is 'projects.id';
comment on column december.projects.container_id is 'projects.container_id';
comment on column december.projects.name is 'projects.name';
comment on column december.projects.description is 'projects.description';
comment on column december.projects.type is 'projects.type';
comment on column december.projects.status is 'projects.status';
comment on column december.projects.created_at is 'projects.created_at';
comment on column december.projects.updated_at is 'projects.updated_at';
comment on column december.projects.user_id is 'projects.owner_id: null is the container''s owner''s, or nobody''s';
comment on column december.projects.metadata is 'projects.metadata';
comment on column december.projects.settings is 'projects.settings';
alter view december.projects alter column id set default uuid_v7();
alter view december.projects alter column type set default 'nextjs';
alter view december.projects alter column status set default 'active';
alter view december.projects alter column created_at set default now();
alter view december.projects alter column updated_at set default now();
alter view december.projects alter column metadata set default '{}';
alter view december.projects alter column settings set default '{}';

create function december.container_owner(container_id uuid) returns uuid
language plpgsql volatile
as $$
#variable_conflict use_variable
begin
    return coalesce(
        (select containers.user_id from public.containers where containers.id = container_id),
        lens.add_nobody()
    );
end;
$$;
comment on function december.container_owner(uuid) is 'Whose a container is; nobody''s, if it is missing.';

create function december.write_project() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    project public.projects;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into project from public.projects where projects.id = old.id for update;
        new.updated_at := now();
    end if;
    project.owner_id := coalesce(new.user_id, december.container_owner(new.container_id));
    project.type := coalesce(new.type, 'nextjs');
    project.status := coalesce(new.status, 'active');
    project.metadata := lens.object(new.metadata);
    project.settings := lens.object(new.settings);
    project.created_at := lens.time(new.created_at, coalesce(project.created_at, now()));
    project.updated_at := lens.time(new.updated_at, project.created_at);
    kept := lens.kept('december.projects', to_jsonb(new), jsonb_build_object(
        'user_id', nullif(project.owner_id, lens.nobody()),
        'type', project.type,
        'status', project.status,
        'metadata', project.metadata,
        'settings', project.settings,
        'created_at', project.created_at,
        'updated_at', project.updated_at
    ));
    if tg_op = 'INSERT' then
        insert into public.projects (
            id, owner_id, container_id, name, description, type, status, metadata, settings, kept, created_at, updated_at
        )
        values (
            new.id, project.owner_id, new.container_id, new.name, new.description, project.type, project.status,
            project.metadata, project.settings, kept, project.created_at, project.updated_at
        );
    else
        update public.projects set
            id = new.id,
            owner_id = project.owner_id,
            container_id = new.container_id,
            name = new.name,
            description = new.description,
            type = project.type,
            status = project.status,
            metadata = project.metadata,
            settings = project.settings,
            kept = lens.merge(projects.kept, 'december.projects', kept),
            created_at = project.created_at
        where projects.id = old.id;
    end if;
    return new;
end;
$$;
create trigger insert_project instead of insert on december.projects
    for each row execute function december.write_project();
create trigger update_projects_updated_at instead of update on december.projects
    for each row execute function december.write_project();
create trigger delete_project instead of delete on december.projects
    for each row execute function lens.delete_row('projects', 'id', 'id');

create function december.attachment(name text, type text, size bigint, sha256 bytea) returns jsonb
language sql stable
as $$ select jsonb_build_object('name', name, 'type', type, 'size', size, 'sha256', encode(sha256, 'hex')) $$;
comment on function december.attachment(text, text, bigint, bytea) is 'An attachment as an element of attachments.';

create view december.chat_messages as
select
    messages.id,
    chats.container_id,
    coalesce(chats.external_key, chats.id::text) as session_id,
    messages.role,
    messages.content,
    (
        select lens.shown(
            messages.kept -> 'december.chat_messages' -> 'attachments',
            coalesce(
                jsonb_agg(
                    december.attachment(
                        message_attachments.original_name,
                        message_attachments.mime_type,
                        message_attachments.size_bytes,
                        blobs.sha256
                    )
                    order by message_attachments.position
                ),
                '[]'
            )
        )
        from public.message_attachments
        left join public.blobs on blobs.id = message_attachments.blob_id
        where message_attachments.message_id = messages.id
    ) as attachments,
    lens.shown(messages.kept -> 'december.chat_messages' -> 'created_at', messages.created_at) as created_at,
    lens.shown(messages.kept -> 'december.chat_messages' -> 'metadata', messages.metadata) as metadata
from public.messages
join public.chats on chats.id = messages.chat_id;
comment on view december.chat_messages is 'Messages of all chats; a chat is a session_id in a container.';
comment on column december.chat_messages.id is 'messages.id';
comment on column december.chat_messages.container_id is 'chats.container_id';
comment on column december.chat_messages.session_id is 'chats.external_key, chats.id: the latter where there is no key';
comment on column december.chat_messages.role is 'messages.role';
comment on column december.chat_messages.content is 'messages.content';
comment on column december.chat_messages.attachments is
    'message_attachments.original_name, message_attachments.mime_type, message_attachments.size_bytes, '
    'message_attachments.blob_id: what is named; all else is kept';
comment on column december.chat_messages.created_at is 'messages.created_at';
comment on column december.chat_messages.metadata is 'messages.metadata';
alter view december.chat_messages alter column id set default uuid_v7();
alter view december.chat_messages alter column attachments set default '[]';
alter view december.chat_messages alter column created_at set default now();
alter view december.chat_messages alter column metadata set default '{}';

create function december.chat(container_id uuid, session_id text) returns public.chats
language plpgsql volatile
as $$
#variable_conflict use_variable
declare
    owner_id uuid := december.container_owner(container_id);
    chat public.chats;
begin
    if session_id is null then
        raise not_null_violation using message = 'session_id of december.chat_messages must not be null';
    end if;
    loop
        select * into chat from public.chats
        where chats.user_id = owner_id
          and chats.external_key = session_id
          and chats.container_id is not distinct from container_id;
        exit when found;
        -- A chat without a key is known by its id.
        if session_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
            select * into chat from public.chats
            where chats.id = session_id::uuid
              and chats.external_key is null
              and chats.container_id is not distinct from container_id;
            exit when found;
        end if;
        insert into public.chats (user_id, external_key, container_id) values (owner_id, session_id, container_id)
        on conflict do nothing
        returning * into chat;
        exit when found;
    end loop;
    return chat;
end;
$$;
comment on function december.chat(uuid, text) is 'The chat of a session_id in a container, made where it is missing.';

create function december.move_message(message_id uuid, chat public.chats) returns void
language plpgsql volatile
as $$
#variable_conflict use_variable
declare
    former_chat_id uuid;
begin
    select messages.chat_id into former_chat_id from public.messages where messages.id = message_id;
    update public.messages set parent_id = null where messages.parent_id = message_id;
    -- One statement: what hangs on a message names its owner too.
    with attached as (
        update public.message_attachments set user_id = chat.user_id where message_attachments.message_id = message_id
    ), made as (
        update public.message_artifacts set user_id = chat.user_id where message_artifacts.message_id = message_id
    )
    update public.messages set chat_id = chat.id, user_id = chat.user_id, parent_id = null where messages.id = message_id;
    perform lens.count_moved(former_chat_id, chat.id);
end;
$$;
comment on function december.move_message(uuid, public.chats) is 'Moves a message to another chat.';

create function december.attachments(given jsonb, user_id uuid) returns jsonb
language sql stable
as $$
    select coalesce(jsonb_agg(december.attachment(original_name, mime_type, size_bytes, blobs.sha256) order by position), '[]')
    from jsonb_array_elements(case jsonb_typeof(given) when 'array' then given else '[]' end)
        with ordinality as elements (element, position)
    cross join lateral (
        select
            coalesce(
                element ->> 'name', element ->> 'filename', element ->> 'original_name', element ->> 'originalName'
            ) as original_name,
            coalesce(
                element ->> 'type', element ->> 'mime_type', element ->> 'mimeType', 'application/octet-stream'
            ) as mime_type,
            coalesce(element -> 'size', element -> 'size_bytes', element -> 'sizeBytes') as given_size,
            element ->> 'sha256' as given_sha256
    ) as named
    cross join lateral (
        select case when jsonb_typeof(given_size) = 'number' and given_size between '0' and '9223372036854775807'
            then trunc(given_size::numeric)::bigint
            else 0
        end as size_bytes
    ) as sized
    left join public.blobs
        on blobs.user_id = attachments.user_id
        and blobs.sha256 = case when given_sha256 ~ '^[0-9a-f]{64}$' then decode(given_sha256, 'hex') end
    where original_name is not null
      and position <= 32767
$$;
comment on function december.attachments(jsonb, uuid) is
    'What the model has of given attachments: those with a name, and bytes that their owner has. Clients vary in their words.';

create function december.write_chat_message() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    message public.messages;
    chat public.chats;
    attachments jsonb;
    are_attachments_new boolean := true;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into message from public.messages where messages.id = old.id for update;
        are_attachments_new := new.attachments is distinct from old.attachments;
    end if;
    if tg_op = 'INSERT' or (new.container_id, new.session_id) is distinct from (old.container_id, old.session_id) then
        chat := december.chat(new.container_id, new.session_id);
        if chat.id <> message.chat_id then
            perform december.move_message(old.id, chat);
        end if;
        message.chat_id := chat.id;
        message.user_id := chat.user_id;
    end if;
    if not are_attachments_new then
        attachments := coalesce(message.kept #> '{december.chat_messages,attachments,is}', old.attachments);
    elsif new.attachments = '[]' then
        attachments := '[]';
    else
        attachments := december.attachments(new.attachments, message.user_id);
    end if;
    message.metadata := lens.object(new.metadata);
    message.created_at := lens.time(new.created_at, coalesce(message.created_at, now()));
    kept := lens.kept('december.chat_messages', to_jsonb(new), jsonb_build_object(
        'attachments', attachments,
        'metadata', message.metadata,
        'created_at', message.created_at
    ));
    if tg_op = 'INSERT' then
        insert into public.messages (id, chat_id, user_id, role, content, metadata, kept, created_at)
        values (
            new.id, message.chat_id, message.user_id, new.role, new.content, message.metadata, kept, message.created_at
        );
    else
        update public.messages set
            id = new.id,
            role = new.role,
            content = new.content,
            metadata = message.metadata,
            kept = lens.merge(messages.kept, 'december.chat_messages', kept),
            created_at = message.created_at
        where messages.id = old.id;
    end if;
    if tg_op = 'UPDATE' and are_attachments_new then
        delete from public.message_attachments where message_attachments.message_id = old.id;
    end if;
    if are_attachments_new and attachments <> '[]' then
        insert into public.message_attachments (
            message_id, user_id, position, blob_id, original_name, mime_type, size_bytes, created_at
        )
        select
            new.id,
            message.user_id,
            position - 1,
            blobs.id,
            attachment ->> 'name',
            attachment ->> 'type',
            (attachment -> 'size')::bigint,
            message.created_at
        from jsonb_array_elements(attachments) with ordinality as attached (attachment, position)
        left join public.blobs
            on blobs.user_id = message.user_id and blobs.sha256 = decode(attachment ->> 'sha256', 'hex');
    end if;
    return new;
end;
$$;
create trigger insert_chat_message instead of insert on december.chat_messages
    for each row execute function december.write_chat_message();
create trigger update_chat_message instead of update on december.chat_messages
    for each row execute function december.write_chat_message();
create trigger delete_chat_message instead of delete on december.chat_messages
    for each row execute function lens.delete_row('messages', 'id', 'id');

create view december.file_storage as
select
    files.id,
    owners.id as container_id,
    files.file_path,
    files.file_name,
    lens.shown(files.kept -> 'december.file_storage' -> 'file_size', files.file_size) as file_size,
    files.mime_type,
    lens.shown(files.kept -> 'december.file_storage' -> 'created_at', files.created_at) as created_at,
    lens.shown(files.kept -> 'december.file_storage' -> 'updated_at', files.updated_at) as updated_at,
    lens.shown(files.kept -> 'december.file_storage' -> 'is_deleted', files.is_deleted) as is_deleted
from public.files
left join public.containers as owners on owners.id = files.container_id and owners.id <> lens.nobody();
comment on view december.file_storage is 'The files of containers.';
comment on column december.file_storage.id is 'files.id';
comment on column december.file_storage.container_id is 'files.container_id: null is in nobody''s';
comment on column december.file_storage.file_path is 'files.file_path';
comment on column december.file_storage.file_name is 'files.file_name';
comment on column december.file_storage.file_size is 'files.file_size: none there where it is negative';
comment on column december.file_storage.mime_type is 'files.mime_type';
comment on column december.file_storage.created_at is 'files.created_at';
comment on column december.file_storage.updated_at is 'files.updated_at';
comment on column december.file_storage.is_deleted is 'files.is_deleted: true there where another live file has the path';
alter view december.file_storage alter column id set default uuid_v7();
alter view december.file_storage alter column created_at set default now();
alter view december.file_storage alter column updated_at set default now();
alter view december.file_storage alter column is_deleted set default false;

create function december.write_file() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    file public.files;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into file from public.files where files.id = old.id for update;
        new.updated_at := now();
    end if;
    file.container_id := coalesce(new.container_id, lens.add_nobody());
    file.user_id := december.container_owner(file.container_id);
    file.file_size := case when new.file_size >= 0 then new.file_size end;
    file.is_deleted := coalesce(new.is_deleted, false) or exists (
        select from public.files
        where files.container_id = file.container_id
          and files.file_path = new.file_path
          and not files.is_deleted
          and files.id is distinct from old.id
    );
    file.created_at := lens.time(new.created_at, coalesce(file.created_at, now()));
    file.updated_at := lens.time(new.updated_at, file.created_at);
    kept := lens.kept('december.file_storage', to_jsonb(new), jsonb_build_object(
        'file_size', file.file_size,
        'created_at', file.created_at,
        'updated_at', file.updated_at,
        'is_deleted', file.is_deleted
    ));
    if tg_op = 'INSERT' then
        insert into public.files (
            id, container_id, user_id, file_path, file_name, file_size, mime_type, is_deleted, kept, created_at, updated_at
        )
        values (
            new.id, file.container_id, file.user_id, new.file_path, new.file_name, file.file_size, new.mime_type,
            file.is_deleted, kept, file.created_at, file.updated_at
        );
    else
        update public.files set
            id = new.id,
            container_id = file.container_id,
            user_id = file.user_id,
            file_path = new.file_path,
            file_name = new.file_name,
            file_size = file.file_size,
            mime_type = new.mime_type,
            is_deleted = file.is_deleted,
            kept = lens.merge(files.kept, 'december.file_storage', kept),
            created_at = file.created_at
        where files.id = old.id;
    end if;
    return new;
end;
$$;
create trigger insert_file instead of insert on december.file_storage
    for each row execute function december.write_file();
create trigger update_file_storage_updated_at instead of update on december.file_storage
    for each row execute function december.write_file();
create trigger delete_file instead of delete on december.file_storage
    for each row execute function lens.delete_row('files', 'id', 'id');

create view december.active_containers as
select
    containers.*,
    projects.name as project_name,
    projects.description as project_description,
    users.email as user_email
from december.containers
left join december.projects on projects.container_id = containers.id
left join december.users on users.id = containers.user_id
where containers.status in ('running', 'created')
order by containers.created_at desc;
comment on view december.active_containers is 'Live containers, once for each of their projects.';

create view december.user_projects as
select
    projects.*,
    containers.status as container_status,
    containers.assigned_port,
    containers.url,
    (
        select coalesce(sum(chat_counts.messages), 0)::bigint
        from public.chats
        join public.chat_counts on chat_counts.chat_id = chats.id
        where chats.container_id = projects.container_id
    ) as message_count
from december.projects
left join december.containers on containers.id = projects.container_id
order by projects.updated_at desc;
comment on view december.user_projects is 'Projects, and how many messages their container has.';

create function december.update_updated_at_column() returns trigger
language plpgsql
as $$
begin
    new.updated_at := now();
    return new;
end;
$$;
comment on function december.update_updated_at_column() is
    'For tables of the operator''s own; those of the lens keep updated_at by themselves.';
grant execute on function december.update_updated_at_column() to atelier_reader, atelier_importer;

create function december.attach(relation text, row_id uuid, column_name text, blob_id uuid) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    was jsonb;
    "is" jsonb;
begin
    case relation || '.' || column_name
        when 'users.avatar_url' then
            select to_jsonb(users) into was from december.users where users.id = row_id;
            select jsonb_build_object('avatar_url', lens.url(blobs.storage_key)) into "is"
            from public.blobs
            where blobs.id = blob_id;
            update public.profiles set avatar_blob_id = blob_id where profiles.user_id = row_id;
            update public.users set kept = december.keep(users.kept, 'december.users', was, "is") where users.id = row_id;
        when 'file_storage.file_path' then
            select to_jsonb(file_storage) into was from december.file_storage where file_storage.id = row_id;
            "is" := jsonb_build_object('updated_at', now());
            update public.files set
                blob_id = blob_id,
                kept = december.keep(files.kept, 'december.file_storage', was, "is")
            where files.id = row_id;
    end case;
end;
$$;
comment on function december.attach(text, uuid, text, uuid) is
    'Gives a row the bytes of the file that a column names. The lens goes on showing what the source says.';

select lens.publish('december');
