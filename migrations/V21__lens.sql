-- What the four lenses share. A lens is a schema of views with the names of one older system; ARCHITECTURE.md says how they work.
create schema lens;
comment on schema lens is 'What the lenses share, and the book of imports.';
grant usage on schema lens to atelier_lenses, atelier_reader, atelier_importer, atelier_backup;

create function lens.original(kept jsonb, value anyelement) returns anyelement
language plpgsql stable
as $$
declare
    known alias for $0;
begin
    known := kept ->> 'is';
    if pg_typeof(value) = 'jsonb'::regtype then
        known := nullif(kept -> 'is', 'null');
    end if;
    if known is distinct from value then
        return value;
    end if;
    if pg_typeof(value) = 'jsonb'::regtype then
        return nullif(kept -> 'was', 'null');
    end if;
    known := kept ->> 'was';
    return known;
end;
$$;
comment on function lens.original(jsonb, anyelement) is
    'What a lens was given, {"was": …, "is": …}, as long as the model still says what was made of it; else what the model says.';

create function lens.shown(kept jsonb, value anyelement) returns anyelement
language sql stable
as $$ select case when kept is null then value else lens.original(kept, value) end $$;
comment on function lens.shown(jsonb, anyelement) is
    'A column of a lens: the model''s value, or what the lens was given where that differs. For most rows nothing differs, which costs nothing.';

-- Immutable, so that an index can have what a lens shows.
create function lens.shown(kept jsonb, value text) returns text
language sql immutable
as $$ select case when kept ->> 'is' is not distinct from value then kept ->> 'was' else value end $$;
comment on function lens.shown(jsonb, text) is 'The same of a text.';

create function lens.kept(relation text, was jsonb, "is" jsonb) returns jsonb
language sql immutable
as $$
    select case when count(*) > 0 then
        jsonb_build_object(relation, jsonb_object_agg(key, jsonb_build_object('was', was -> key, 'is', value)))
    end
    from jsonb_each("is")
    where was -> key is distinct from value
$$;
comment on function lens.kept(text, jsonb, jsonb) is
    'For the column kept: which columns of a lens''s row (was) read otherwise from the model ("is", by column); null where none does.';

create function lens.merge(kept jsonb, relation text, replacement jsonb) returns jsonb
language sql immutable
as $$ select nullif((coalesce(kept, '{}') - relation) || coalesce(replacement, '{}'), '{}') $$;
comment on function lens.merge(jsonb, text, jsonb) is 'The column kept, with what it says of one relation replaced by a result of lens.kept().';

create function lens.object(value jsonb) returns jsonb
language sql immutable
as $$ select case when jsonb_typeof(value) = 'object' then value else '{}' end $$;
comment on function lens.object(jsonb) is 'The value where it is an object; else an empty one.';

create function lens.time(given timestamptz, otherwise timestamptz) returns timestamptz
language sql immutable
as $$
    select case when given between '0001-01-01 00:00:00+00' and '9999-12-30 00:00:00+00' then given else otherwise end
$$;
comment on function lens.time(timestamptz, timestamptz) is
    'The given time where a client can be told it (RFC 3339 has years of four digits and no infinity), else the other.';

create function lens.secret(value text) returns text
language sql stable
as $$ select case when pg_has_role('atelier_importer', 'member') then value end $$;
comment on function lens.secret(text) is 'The value for those who write lenses; null for those who only read them.';

create function lens.url(storage_key text) returns text
language sql stable
as $$ select coalesce(rtrim(nullif(current_setting('atelier.public_base_url', true), ''), '/') || '/', '') || storage_key $$;
comment on function lens.url(text) is
    'Where the bytes of a storage key are: below the setting atelier.public_base_url (STORAGE_PUBLIC_BASE_URL), or the key alone without it.';

create function lens.nobody() returns uuid
language sql immutable
as $$ select '00000000-0000-7000-8000-000000000001'::uuid $$;
comment on function lens.nobody() is
    'Owner of what a lens was given without one: an account that no one can use, which the lenses do not show.';

create function lens.add_nobody() returns uuid
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from public.users where id = lens.nobody()) then
        insert into public.users (id, email, name, is_active) values (lens.nobody(), 'nobody@atelier.invalid', 'Nobody', false)
        on conflict do nothing;
        insert into public.profiles (user_id, handle) values (lens.nobody(), 'nobody') on conflict do nothing;
        insert into public.containers (id, user_id, container_id, name, status)
        values (lens.nobody(), lens.nobody(), 'nobody', 'Files without a container', 'deleted')
        on conflict do nothing;
    end if;
    return lens.nobody();
end;
$$;
comment on function lens.add_nobody() is 'lens.nobody(), whose account and container are made where they are missing. Both have its id.';

create function lens.add_user(user_id uuid, email text, name text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.users (id, email, name)
    values (user_id, coalesce(email, user_id || '@atelier.invalid'), name)
    on conflict (id) do nothing;
    perform lens.add_profile(user_id, coalesce(name, split_part(email, '@', 1)));
end;
$$;
comment on function lens.add_user(uuid, text, text) is
    'Makes an account and its profile where it is missing: one that a lens names but, as a table, does not have.';

create function lens.handle(name text, user_id uuid) returns text
language sql immutable
as $$
    select coalesce(nullif(trim(both '-' from left(regexp_replace(lower(name), '[^a-z0-9]+', '-', 'g'), 18)), '') || '-', 'u-')
        || substr(encode(sha256(uuid_send(user_id)), 'hex'), 1, 12)
$$;
comment on function lens.handle(text, uuid) is 'A handle for who has none that the model allows: readable, and the same each time.';

create function lens.add_profile(user_id uuid, name text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.profiles (user_id, handle) values (user_id, lens.handle(name, user_id))
    on conflict on constraint profiles_pkey do nothing;
end;
$$;
comment on function lens.add_profile(uuid, text) is 'Every account has a profile; the lenses'' accounts get one here.';

create function lens.email(email text, user_id uuid) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if email !~ '^[^@\s]+@[^@\s]+$' or length(email) > 254 or exists (
        select from public.users
        where lower(users.email) = lower(email.email)
          and users.email <> email.email
          and users.id is distinct from email.user_id
    ) then
        return encode(sha256(convert_to(email, 'UTF8')), 'hex') || '@atelier.invalid';
    end if;
    return email;
end;
$$;
comment on function lens.email(text, uuid) is
    'The address, or a stand-in for what is none to the model or differs from another account''s in case only. The same one given twice is the same stand-in, which the model refuses.';

create function lens.delete_row() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('delete from public.%I where %I = $1', tg_argv[0], tg_argv[1])
    using (to_jsonb(old) ->> tg_argv[2])::uuid;
    return old;
end;
$$;
comment on function lens.delete_row() is
    'INSTEAD OF DELETE: deletes the row of the table (1st argument) whose key column (2nd) is the view''s (3rd).';

create function lens.add_blob(user_id uuid, sha256 bytea, size bigint, content_type text, content bytea, storage_key text) returns uuid
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    blob_id uuid;
begin
    insert into public.blobs (user_id, sha256, size, content_type, content, storage_key)
    values (user_id, sha256, size, content_type, content, storage_key)
    on conflict on constraint blobs_user_id_sha256_key do update set
        storage_key = coalesce(blobs.storage_key, excluded.storage_key)
    returning id into blob_id;
    return blob_id;
end;
$$;
comment on function lens.add_blob(uuid, bytea, bigint, text, bytea, text) is
    'A user''s blob of these bytes, made where it is missing: text with its content, what lies in the bucket with its storage key.';

create function lens.count_moved(former_chat_id uuid, chat_id uuid) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
    insert into public.chat_counts (chat_id, slot, messages)
    select moved.chat_id, pg_backend_pid() % 16, moved.messages
    from (values (former_chat_id, -1), (count_moved.chat_id, 1)) as moved (chat_id, messages)
    order by moved.chat_id
    on conflict on constraint chat_counts_pkey do update set messages = chat_counts.messages + excluded.messages
$$;
comment on function lens.count_moved(uuid, uuid) is
    'Counts a message in another chat than before: a table''s triggers count only what comes and goes.';

create function lens.publish(name text) returns void
language plpgsql volatile
as $$
declare
    object record;
begin
    execute format('grant usage on schema %I to atelier_reader, atelier_importer', name);
    execute format('grant usage, create on schema %I to atelier_lenses', name);
    for object in
        select oid::regclass as view from pg_class where relnamespace = name::regnamespace and relkind = 'v'
    loop
        execute format('alter view %s owner to atelier_lenses', object.view);
        execute format('grant select on %s to atelier_reader', object.view);
        execute format('grant select, insert, update, delete on %s to atelier_importer', object.view);
    end loop;
    for object in
        select oid::regprocedure as function, prorettype = 'trigger'::regtype as is_trigger, provolatile = 'v' as writes
        from pg_proc
        where pronamespace = name::regnamespace
    loop
        execute format('alter function %s owner to atelier_lenses', object.function);
        execute format('revoke execute on function %s from public', object.function);
        if not object.is_trigger then
            execute format('grant execute on function %s to atelier_importer', object.function);
            if not object.writes then
                execute format('grant execute on function %s to atelier_reader', object.function);
            end if;
        end if;
    end loop;
    execute format('revoke create on schema %I from atelier_lenses', name);
end;
$$;
comment on function lens.publish(text) is 'Ends the migration that makes a lens: its owner, and who may use it.';

create table lens.imports (
    id uuid not null default uuid_v7(),
    lens text not null,
    source text not null,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    constraint imports_pkey primary key (id),
    constraint imports_source_key unique (lens, source)
);
comment on table lens.imports is 'Databases that were, or are being, copied in: cargo xtask import.';
comment on column lens.imports.source is 'Host, port and database of the source, without credentials; or a folder.';

create table lens.import_relations (
    import_id uuid not null,
    relation text not null,
    last_key jsonb,
    rows_read bigint not null default 0,
    rows_taken bigint not null default 0,
    rows_known bigint not null default 0,
    rows_refused bigint not null default 0,
    is_complete boolean not null default false,
    updated_at timestamptz not null default now(),
    constraint import_relations_pkey primary key (import_id, relation),
    constraint import_relations_import_id_fkey foreign key (import_id) references lens.imports (id) on delete cascade
);
comment on table lens.import_relations is 'How far each table is: written with each batch, in its transaction, so that an import goes on where it was killed.';
comment on column lens.import_relations.last_key is 'The key of the last row read, as an array.';
comment on column lens.import_relations.rows_known is 'Rows that were here before.';

create table lens.import_problems (
    import_id uuid not null,
    relation text not null,
    row_key text not null,
    reason text not null,
    source_row jsonb,
    created_at timestamptz not null default now(),
    constraint import_problems_pkey primary key (import_id, relation, row_key),
    constraint import_problems_import_id_fkey foreign key (import_id) references lens.imports (id) on delete cascade
);
comment on table lens.import_problems is 'Rows and files that could not be taken, each with the reason.';

do $$
declare
    book text;
begin
    foreach book in array array['imports', 'import_relations', 'import_problems'] loop
        execute format('alter table lens.%I enable row level security', book);
        execute format('alter table lens.%I force row level security', book);
        execute format('grant select, insert, update, delete on lens.%I to atelier_importer', book);
        execute format('grant select on lens.%I to atelier_backup', book);
        execute format('create policy %I on lens.%I to atelier_importer using (true)', book || '_importer', book);
        execute format('create policy %I on lens.%I for select to atelier_backup using (true)', book || '_backup', book);
    end loop;
end;
$$;

create function archive_messages(before timestamptz, at_most integer default 10000) returns bigint
language sql volatile
as $$
    with archived as (
        update public.messages set archived_at = now()
        where id in (
            select id from public.messages
            where created_at < before and archived_at is null
            order by created_at
            limit at_most
            for update skip locked
        )
        returning id
    )
    select count(*) from archived
$$;
comment on function archive_messages(timestamptz, integer) is
    'Archives messages older than that, at most so many, and says how many. One statement: none is lost, none is doubled, and counts stay.';
revoke execute on function archive_messages(timestamptz, integer) from public;
grant execute on function archive_messages(timestamptz, integer) to atelier_jobs, atelier_lenses;

revoke execute on all functions in schema lens from public;
grant execute on all functions in schema lens to atelier_lenses;
grant execute on function lens.original(jsonb, anyelement), lens.shown(jsonb, anyelement), lens.shown(jsonb, text), lens.secret(text), lens.url(text), lens.nobody()
    to atelier_reader, atelier_importer;
grant execute on function lens.add_blob(uuid, bytea, bigint, text, bytea, text) to atelier_importer;
grant execute on function uuid_v7() to atelier_reader, atelier_importer, atelier_lenses;
grant create on schema lens to atelier_lenses;
alter function lens.add_nobody() owner to atelier_lenses;
alter function lens.add_user(uuid, text, text) owner to atelier_lenses;
alter function lens.add_profile(uuid, text) owner to atelier_lenses;
alter function lens.add_blob(uuid, bytea, bigint, text, bytea, text) owner to atelier_lenses;
alter function lens.delete_row() owner to atelier_lenses;
revoke create on schema lens from atelier_lenses;
