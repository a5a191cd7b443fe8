-- Likes, comments and imports are counted like forks: statement by statement, in one of an artifact's 16 slots.
create function count_artifact() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    counter text := tg_argv[0];
    sign integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
    -- An artifact that is being deleted takes its rows along: then there is nothing left to count.
    execute format(
        'insert into public.artifact_counts (artifact_id, slot, %1$I)
         select artifact_id, floor(random() * 16)::smallint, $1 * count(*)
         from changed
         where exists (select from public.artifacts where artifacts.id = changed.artifact_id)
         group by artifact_id
         order by artifact_id
         on conflict (artifact_id, slot) do update set %1$I = artifact_counts.%1$I + excluded.%1$I',
        counter
    ) using sign;
    return null;
end;
$$;
comment on function count_artifact() is 'Adds what a statement changed to a counter of artifact_counts, the one its argument names.';
grant create on schema public to atelier_system;
alter function count_artifact() owner to atelier_system;
revoke create on schema public from atelier_system;

do $$
declare
    counted record;
begin
    for counted in
        select * from (values ('artifact_likes', 'likes'), ('artifact_comments', 'comments'), ('artifact_imports', 'imports'))
            as counted (table_name, counter)
    loop
        execute format(
            'create trigger %1$I after insert on %2$I referencing new table as changed
             for each statement execute function count_artifact(%3$L)',
            counted.table_name || '_count_insert', counted.table_name, counted.counter
        );
        execute format(
            'create trigger %1$I after delete on %2$I referencing old table as changed
             for each statement execute function count_artifact(%3$L)',
            counted.table_name || '_count_delete', counted.table_name, counted.counter
        );
    end loop;
end;
$$;

-- A fork that is removed for good is a fork no longer; only rows that are gone are uncounted, as with count_fork().
create function uncount_fork() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.artifact_counts (artifact_id, slot, forks)
    select old.forked_from_id, floor(random() * 16), -1
    where exists (select from public.artifacts where artifacts.id = old.forked_from_id)
    on conflict (artifact_id, slot) do update set forks = artifact_counts.forks - 1;
    return null;
end;
$$;
grant create on schema public to atelier_system;
alter function uncount_fork() owner to atelier_system;
revoke create on schema public from atelier_system;
create trigger artifacts_uncount_fork after delete on artifacts
    for each row when (old.forked_from_id is not null) execute function uncount_fork();

-- Messages too, but each transaction in one slot: where several are added one by one, as through a lens, two transactions could
-- otherwise wait for each other.
create or replace function count_messages() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    sign integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
    -- A chat that is being deleted takes its messages along: then there is nothing left to count.
    insert into public.chat_counts (chat_id, slot, messages)
    select chat_id, pg_backend_pid() % 16, sign * count(*)
    from changed
    where exists (select from public.chats where chats.id = changed.chat_id)
    group by chat_id
    order by chat_id
    on conflict (chat_id, slot) do update set messages = chat_counts.messages + excluded.messages;
    return null;
end;
$$;
