-- Roles belong to the whole cluster, not to a database, so each is made only where it is missing.
-- atelier_api     what the functions log in as: owns nothing, sees what row level security lets it see
-- atelier_system  nobody logs in as it: owns the SECURITY DEFINER functions, and may do just what they need
do $$
declare
    role_name text;
begin
    foreach role_name in array array['atelier_api', 'atelier_system'] loop
        if not exists (select from pg_roles where rolname = role_name) then
            begin
                execute format('create role %I nologin', role_name);
            exception when duplicate_object or unique_violation then
                null; -- another database of this cluster is being migrated at this moment
            end;
        end if;
    end loop;
    if not pg_has_role(current_user, 'atelier_system', 'set') then
        execute format('grant atelier_system to %I', current_user);
    end if;
end;
$$;

revoke create on schema public from public;
grant usage on schema public to atelier_api, atelier_system;

create schema auth;
comment on schema auth is 'Who is calling: the identity that every row level security policy reads.';
grant usage on schema auth to atelier_api, atelier_system;

create function auth.uid() returns uuid
language sql stable parallel safe
as $$ select nullif(current_setting('app.user_id', true), '')::uuid $$;
comment on function auth.uid() is 'The calling user, or null. Policies call it as (select auth.uid()), once a statement and not once a row.';

create function auth.session_id() returns uuid
language sql stable parallel safe
as $$ select nullif(current_setting('app.session_id', true), '')::uuid $$;
comment on function auth.session_id() is 'The session whose token authenticated this transaction, or null.';

create function refuse(code text, pointer text default '') returns boolean
language plpgsql volatile
as $$
begin
    raise exception using errcode = 'ATLR0', message = code, detail = pointer;
end;
$$;
comment on function refuse(text, text) is
    'Ends the transaction with a problem of the API''s table: its code, and a JSON pointer to the field at fault (or nothing).';

create function if_match(revision bigint, expected bigint) returns boolean
language plpgsql stable
as $$
begin
    return expected is null or revision = expected or refuse('stale');
end;
$$;
comment on function if_match(bigint, bigint) is
    'True where the row still has the revision of the caller''s If-Match (null stands for *), else the problem stale. Evaluated again on the newest row after waiting for another writer.';

create function uuid_v7() returns uuid
language sql volatile parallel safe
as $$
    select encode(
        set_bit(
            set_bit(
                overlay(
                    uuid_send(gen_random_uuid())
                    placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                    from 1 for 6
                ),
                52, 1
            ),
            53, 1
        ),
        'hex'
    )::uuid
$$;
comment on function uuid_v7() is 'A time-ordered identifier, RFC 9562 section 5.7 (PostgreSQL has its own from version 18 on only).';

create function touch() returns trigger
language plpgsql
as $$
begin
    new.updated_at = now();
    return new;
end;
$$;
comment on function touch() is 'Keeps updated_at, for tables that no two writers edit against each other.';

create function touch_revision() returns trigger
language plpgsql
as $$
begin
    new.updated_at = now();
    new.revision = old.revision + 1;
    return new;
end;
$$;
comment on function touch_revision() is 'Keeps updated_at and revision, the number behind ETag and If-Match.';
