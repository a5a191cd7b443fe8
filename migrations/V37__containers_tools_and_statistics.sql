-- Ports of containers: unique over all users, so that someone who sees all containers must look for a free one.
grant select, update (assigned_port) on containers to atelier_system;
create policy containers_system on containers to atelier_system using (true);

create function assign_port(container_id uuid, lowest integer, highest integer) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    size integer := highest - lowest + 1;
    start integer := floor(random() * size);
    port integer;
begin
    perform from public.containers
    where containers.id = container_id
      and containers.user_id = auth.uid()
      and containers.status in ('created', 'running')
      and containers.assigned_port is null;
    if not found then
        return;
    end if;
    for step in 0..size - 1 loop
        port := lowest + (start + step) % size;
        continue when exists (
            select from public.containers
            where containers.assigned_port = port and containers.status in ('running', 'created')
        );
        -- Whoever is about to take this port has its lock: the next port is tried, and nobody waits.
        continue when not pg_try_advisory_xact_lock(hashtext('assign_port'), port);
        begin
            update public.containers set assigned_port = port where containers.id = container_id;
            return;
        exception when unique_violation then
            null; -- taken since it was looked at
        end;
    end loop;
    perform public.refuse('ports_exhausted', '/assign_port');
end;
$$;
comment on function assign_port(uuid, integer, integer) is
    'Gives a live container of the caller''s a port of the range that no other live container has, unless it has one. From a random port on, one look into the index a port.';

create table file_versions (
    id uuid not null default uuid_v7(),
    file_id uuid not null,
    blob_id uuid not null,
    file_size bigint,
    mime_type text,
    created_at timestamptz not null default now(),
    constraint file_versions_pkey primary key (id),
    constraint file_versions_file_size_check check (file_size >= 0),
    constraint file_versions_file_id_fkey foreign key (file_id) references files (id) on update cascade on delete cascade,
    constraint file_versions_blob_id_fkey foreign key (blob_id) references blobs (id)
);
create index file_versions_file_id_idx on file_versions (file_id, created_at desc, id desc);
create index file_versions_blob_id_idx on file_versions (blob_id);
comment on table file_versions is 'Every content that a file has had, the present one included; written by a trigger alone.';
comment on column file_versions.file_id is 'Whose content it is, or was.';
comment on column file_versions.blob_id is 'The bytes.';
comment on column file_versions.file_size is 'Bytes; null as in files.';
comment on column file_versions.mime_type is 'As it was declared with this content; null as in files.';
comment on column file_versions.created_at is 'When the file got this content.';
-- No release has written files yet: this finds what a database of a developer''s has.
insert into file_versions (file_id, blob_id, file_size, mime_type, created_at)
select id, blob_id, file_size, mime_type, created_at
from files
where blob_id is not null;

create function keep_file_version() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.file_versions (file_id, blob_id, file_size, mime_type)
    values (new.id, new.blob_id, new.file_size, new.mime_type);
    return null;
end;
$$;
comment on function keep_file_version() is 'Notes the content that a file got.';

create table checkpoints (
    id uuid not null default uuid_v7(),
    container_id uuid not null,
    user_id uuid not null,
    name text not null,
    files_count integer not null default 0,
    size bigint not null default 0,
    created_at timestamptz not null default now(),
    constraint checkpoints_pkey primary key (id),
    constraint checkpoints_files_count_check check (files_count >= 0),
    constraint checkpoints_size_check check (size >= 0),
    constraint checkpoints_container_id_fkey foreign key (container_id, user_id) references containers (id, user_id)
        on update cascade on delete cascade
);
create index checkpoints_container_id_idx on checkpoints (container_id, created_at desc, id desc);
comment on table checkpoints is 'A container''s whole tree as it was at a time, to go back to. Rows only: no bytes are copied.';
comment on column checkpoints.user_id is 'The owner of the container.';
comment on column checkpoints.container_id is 'Whose tree it is.';
comment on column checkpoints.name is 'What the user calls it; names need not differ.';
comment on column checkpoints.files_count is 'Rows of checkpoint_files.';
comment on column checkpoints.size is 'Bytes of all its files, as far as known.';

create table checkpoint_files (
    checkpoint_id uuid not null,
    file_path text not null,
    file_name text not null,
    file_size bigint,
    mime_type text,
    blob_id uuid,
    constraint checkpoint_files_pkey primary key (checkpoint_id, file_path),
    constraint checkpoint_files_file_size_check check (file_size >= 0),
    constraint checkpoint_files_checkpoint_id_fkey foreign key (checkpoint_id) references checkpoints (id) on delete cascade,
    constraint checkpoint_files_blob_id_fkey foreign key (blob_id) references blobs (id)
);
create index checkpoint_files_blob_id_idx on checkpoint_files (blob_id);
comment on table checkpoint_files is 'The manifests of checkpoints: which path held which bytes.';
comment on column checkpoint_files.checkpoint_id is 'The checkpoint it belongs to.';
comment on column checkpoint_files.file_path is 'As in files.';
comment on column checkpoint_files.file_name is 'As in files.';
comment on column checkpoint_files.file_size is 'Bytes; null as in files.';
comment on column checkpoint_files.mime_type is 'As in files.';
comment on column checkpoint_files.blob_id is 'The bytes; null as in files.';

-- Durations of tools are counted in classes, each 10 % wider than the one before.
create function duration_class(duration_ms integer) returns smallint
language sql immutable parallel safe
as $$
    select case
        when duration_ms is null then -1
        when duration_ms = 0 then 0
        else 1 + ceil(ln(duration_ms::float8) / ln(1.1::float8))
    end::smallint
$$;
comment on function duration_class(integer) is
    'The class of a duration in milliseconds: -1 where it was not measured, 0 for 0, n for more than 1.1^(n-2) up to 1.1^(n-1).';

create function class_duration(class smallint) returns integer
language sql immutable parallel safe
as $$
    select case
        when class = 0 then 0
        when class > 0 then round(least(2 * 1.1::float8 ^ (class - 1) / 2.1, 2147483647))
    end::integer
$$;
comment on function class_duration(smallint) is
    'The milliseconds that stand for a class of duration_class(), rounded: no duration of the class is more than 5 % away before.';

create table tool_usage_days (
    user_id uuid not null,
    day date not null,
    tool_name text not null,
    duration_class smallint not null,
    uses bigint not null default 0,
    failures bigint not null default 0,
    constraint tool_usage_days_pkey primary key (user_id, day, tool_name, duration_class),
    constraint tool_usage_days_user_id_fkey foreign key (user_id) references users (id) on delete cascade
);
comment on table tool_usage_days is 'What tool_usage counts up to by user, day, tool and duration, kept by a trigger: statistics read this, however many uses there were.';
comment on column tool_usage_days.day is 'In UTC.';
comment on column tool_usage_days.tool_name is 'As in tool_usage.';
comment on column tool_usage_days.duration_class is 'duration_class() of the uses; -1 where the duration was not measured.';
comment on column tool_usage_days.uses is 'How many; 0 where what was counted is gone.';
comment on column tool_usage_days.failures is 'Those of the uses whose status is not success.';

create table tool_counts (
    tool_name text not null,
    slot smallint not null,
    uses bigint not null default 0,
    constraint tool_counts_pkey primary key (tool_name, slot)
);
comment on table tool_counts is 'Uses of each tool by all users, in slots, so that no two writers wait for one row. The count is the sum of a tool''s slots, and exact.';
comment on column tool_counts.tool_name is 'As in tool_usage.';
comment on column tool_counts.slot is '0 to 15: each connection has its own, so that a transaction stays in one.';
comment on column tool_counts.uses is 'What this slot adds to the count; by itself it may be negative.';

-- No release has recorded uses yet: these find what a database of a developer''s has.
insert into tool_usage_days (user_id, day, tool_name, duration_class, uses, failures)
select user_id, (created_at at time zone 'UTC')::date, tool_name, duration_class(duration_ms), count(*), count(*) filter (where status <> 'success')
from tool_usage
group by 1, 2, 3, 4;
insert into tool_counts (tool_name, slot, uses)
select tool_name, 0, count(*)
from tool_usage
group by tool_name;

create function count_tool_usage() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    sign integer := tg_argv[0];
begin
    -- In order, so that two writers never wait for each other. Who is being deleted takes their days along.
    insert into public.tool_usage_days (user_id, day, tool_name, duration_class, uses, failures)
    select
        user_id, (created_at at time zone 'UTC')::date, tool_name, public.duration_class(duration_ms),
        sign * count(*), sign * count(*) filter (where status <> 'success')
    from changed
    where exists (select from public.users where users.id = changed.user_id)
    group by 1, 2, 3, 4
    order by 1, 2, 3, 4
    on conflict (user_id, day, tool_name, duration_class) do update set
        uses = tool_usage_days.uses + excluded.uses,
        failures = tool_usage_days.failures + excluded.failures;
    insert into public.tool_counts (tool_name, slot, uses)
    select tool_name, pg_backend_pid() % 16, sign * count(*)
    from changed
    group by tool_name
    order by tool_name
    on conflict (tool_name, slot) do update set uses = tool_counts.uses + excluded.uses;
    return null;
end;
$$;
comment on function count_tool_usage() is 'Adds what a statement changed, times its argument, to tool_usage_days and tool_counts.';

do $$
declare
    new_table text;
begin
    foreach new_table in array array[
        'file_versions', 'checkpoints', 'checkpoint_files', 'tool_usage_days', 'tool_counts'
    ] loop
        execute format('alter table %I enable row level security', new_table);
        execute format('alter table %I force row level security', new_table);
        execute format('create policy %I on %I to atelier_jobs using (true)', new_table || '_jobs', new_table);
        execute format('create policy %I on %I for select to atelier_backup using (true)', new_table || '_backup', new_table);
        execute format('grant select, delete on %I to atelier_jobs', new_table);
        execute format('grant select on %I to atelier_backup', new_table);
    end loop;
end;
$$;

grant select on file_versions to atelier_api;
create policy file_versions_select on file_versions for select to atelier_api
    using (exists (select from files where files.id = file_id and files.user_id = (select auth.uid())));
grant insert on file_versions to atelier_system;
create policy file_versions_system on file_versions for insert to atelier_system with check (true);

grant select, insert, update (files_count, size) on checkpoints to atelier_api;
create policy checkpoints_owner on checkpoints to atelier_api using (user_id = (select auth.uid())) with check (
    user_id = (select auth.uid()) and exists (select from containers where containers.id = checkpoints.container_id)
);

grant select, insert on checkpoint_files to atelier_api;
create policy checkpoint_files_owner on checkpoint_files to atelier_api
    using (exists (select from checkpoints where checkpoints.id = checkpoint_id and checkpoints.user_id = (select auth.uid())));

grant select on tool_usage_days to atelier_api;
create policy tool_usage_days_select on tool_usage_days for select to atelier_api using (user_id = (select auth.uid()));
grant select, insert, update (uses, failures) on tool_usage_days to atelier_system;
create policy tool_usage_days_system on tool_usage_days to atelier_system using (true);
grant select, insert, update (uses) on tool_counts to atelier_system;
create policy tool_counts_system on tool_counts to atelier_system using (true);

-- Administration.
grant update (is_active, is_superuser) on users to atelier_system;
grant update (is_active) on sessions to atelier_system;

create function auth.administer(user_id uuid, is_active boolean, is_superuser boolean) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
    if not auth.is_superuser() then
        perform public.refuse('not_found');
    end if;
    -- One after another: two who take the right from each other at the same time must not both succeed.
    perform from public.users where users.is_superuser order by users.id for update;
    perform from public.users where users.id = auth.uid() and users.is_superuser and users.is_active;
    if not found then
        perform public.refuse('not_found');
    end if;
    if user_id = auth.uid() and not is_active then
        perform public.refuse('conflict', '/is_active');
    elsif user_id = auth.uid() and not is_superuser then
        perform public.refuse('conflict', '/is_superuser');
    end if;
    update public.users set
        is_active = coalesce(administer.is_active, users.is_active),
        is_superuser = coalesce(administer.is_superuser, users.is_superuser)
    where users.id = user_id;
    if not found then
        perform public.refuse('not_found');
    end if;
    if not is_active then
        update public.sessions set is_active = false where sessions.user_id = administer.user_id and sessions.is_active;
    end if;
end;
$$;
comment on function auth.administer(uuid, boolean, boolean) is
    'A superuser opens or closes an account, or gives or takes the right to administer; null leaves as it is. Nobody locks themselves out, and whose account is closed is signed out everywhere.';

-- What a session of another role runs is shown to this one alone. Managed databases may refuse: admin_stats() then says less.
do $$
begin
    if not pg_has_role('atelier_system', 'pg_read_all_stats', 'member') then
        grant pg_read_all_stats to atelier_system;
    end if;
exception when insufficient_privilege then
    raise notice 'atelier_system sees of other sessions that they are there, and not what they run: grant it pg_read_all_stats';
end;
$$;

grant select (id, user_id, created_at, archived_at) on messages to atelier_system;
create policy messages_statistics on messages for select to atelier_system using (true);

create function slow_statements() returns json
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    extension_schema name;
    statements json;
begin
    select nspname into extension_schema
    from pg_extension
    join pg_namespace on pg_namespace.oid = extnamespace
    where extname = 'pg_stat_statements';
    if not found then
        return null;
    end if;
    execute format(
        'select coalesce(json_agg(statements), ''[]'')
         from (
             select
                 left(query, 500) as query, calls, round(mean_exec_time::numeric, 3)::float8 as mean_ms,
                 round(max_exec_time::numeric, 3)::float8 as max_ms, round(total_exec_time::numeric, 3)::float8 as total_ms
             from %I.pg_stat_statements
             where dbid = (select oid from pg_database where datname = current_database())
             order by mean_exec_time desc
             limit 10
         ) as statements',
        extension_schema
    ) into statements;
    return statements;
exception when object_not_in_prerequisite_state or insufficient_privilege then
    return null; -- the extension is made, but the server has not loaded it, or it is not shown to us
end;
$$;
comment on function slow_statements() is 'The ten statements that took longest on average; null without pg_stat_statements.';

create function table_size(relation oid) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '50ms'
as $$
begin
    return pg_total_relation_size(relation);
exception when lock_not_available then
    return null;
end;
$$;
comment on function table_size(oid) is
    'Bytes of a table with its indexes; null where someone keeps it locked, which is just when an administrator looks.';

create function admin_stats() returns json
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if not auth.is_superuser() then
        perform public.refuse('not_found');
    end if;
    return json_build_object(
        'active_users', (
            select count(distinct user_id)
            from public.messages
            -- As a timestamptz: compared with another type, under row level security no index could be used.
            where created_at >= (current_date - interval '7 days')::timestamptz and archived_at is null
        ),
        'most_used_tools', (
            select coalesce(json_agg(tools), '[]')
            from (
                select tool_name, sum(uses)::bigint as usage_count
                from public.tool_counts
                group by tool_name
                having sum(uses) > 0
                order by usage_count desc, tool_name
                limit 10
            ) as tools
        ),
        'database_size', pg_database_size(current_database()),
        'tables', (
            select coalesce(json_agg(tables), '[]')
            from (
                select
                    relname as table_name, public.table_size(oid) as size,
                    case when reltuples >= 0 then reltuples::bigint end as estimated_rows
                from pg_class
                where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
                order by size desc nulls first, relname
            ) as tables
        ),
        'max_connections', current_setting('max_connections')::integer,
        'sees_all_sessions', pg_has_role('pg_read_all_stats', 'usage'),
        'connections', (
            select json_build_object(
                'total', count(*),
                'active', count(*) filter (where state = 'active'),
                'idle', count(*) filter (where state = 'idle'),
                'idle_in_transaction', count(*) filter (where state like 'idle in transaction%')
            )
            from pg_stat_activity
            where datname = current_database()
        ),
        'longest_queries', (
            select coalesce(json_agg(queries), '[]')
            from (
                select
                    pid, left(query, 500) as query, wait_event_type,
                    (extract(epoch from clock_timestamp() - query_start) * 1000)::bigint as duration_ms
                from pg_stat_activity
                where datname = current_database() and state = 'active' and pid <> pg_backend_pid()
                order by query_start
                limit 10
            ) as queries
        ),
        'slow_statements', public.slow_statements(),
        'waiting_locks', (
            select coalesce(json_agg(waiting), '[]')
            from (
                select
                    locks.pid, locks.locktype as lock_type, locks.mode,
                    case when locks.database = pg_database.oid then locks.relation::regclass::text end as relation,
                    pg_blocking_pids(locks.pid) as blocked_by,
                    left(activity.query, 500) as query,
                    (extract(epoch from clock_timestamp() - locks.waitstart) * 1000)::bigint as waiting_ms
                from pg_locks locks
                join pg_stat_activity activity on activity.pid = locks.pid
                join pg_database on pg_database.datname = activity.datname
                where not locks.granted and activity.datname = current_database()
                order by locks.waitstart
                limit 20
            ) as waiting
        )
    );
end;
$$;
comment on function admin_stats() is
    'What administrators ask of the database: Monitoring Queries and Troubleshooting of aio. For superusers; for others there is no such thing.';

grant create on schema public, auth to atelier_system;
alter function assign_port(uuid, integer, integer) owner to atelier_system;
alter function keep_file_version() owner to atelier_system;
alter function count_tool_usage() owner to atelier_system;
alter function auth.administer(uuid, boolean, boolean) owner to atelier_system;
alter function slow_statements() owner to atelier_system;
alter function table_size(oid) owner to atelier_system;
alter function admin_stats() owner to atelier_system;
revoke create on schema public, auth from atelier_system;
revoke execute on function assign_port(uuid, integer, integer), slow_statements(), table_size(oid), admin_stats()
    from public;
revoke execute on function auth.administer(uuid, boolean, boolean) from public;
grant execute on function assign_port(uuid, integer, integer), admin_stats() to atelier_api;
grant execute on function auth.administer(uuid, boolean, boolean) to atelier_api;

create trigger files_keep_version_insert after insert on files
    for each row when (new.blob_id is not null) execute function keep_file_version();
create trigger files_keep_version_update after update of blob_id on files
    for each row when (new.blob_id is not null and new.blob_id is distinct from old.blob_id)
    execute function keep_file_version();

create trigger tool_usage_count_insert after insert on tool_usage
    referencing new table as changed for each statement execute function count_tool_usage('1');
create trigger tool_usage_count_delete after delete on tool_usage
    referencing old table as changed for each statement execute function count_tool_usage('-1');
-- A change takes away what was, and adds what is.
create trigger tool_usage_count_update_old after update on tool_usage
    referencing old table as changed for each statement execute function count_tool_usage('-1');
create trigger tool_usage_count_update_new after update on tool_usage
    referencing new table as changed for each statement execute function count_tool_usage('1');
