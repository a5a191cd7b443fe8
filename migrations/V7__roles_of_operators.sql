-- atelier_jobs      what scheduled functions log in as: sees every row, changes what a schedule may
-- atelier_backup    reads every row, and changes none
-- atelier_reader    reads the lenses, secrets left out; base tables not at all
-- atelier_importer  reads and writes the lenses, as the systems behind them did
-- atelier_lenses    nobody logs in as it: owns the lenses' views and functions
do $$
declare
    role_name text;
begin
    foreach role_name in array array['atelier_jobs', 'atelier_backup', 'atelier_reader', 'atelier_importer', 'atelier_lenses'] loop
        if not exists (select from pg_roles where rolname = role_name) then
            begin
                execute format('create role %I nologin', role_name);
            exception when duplicate_object or unique_violation then
                null; -- another database of this cluster is being migrated at this moment
            end;
        end if;
    end loop;
    foreach role_name in array array['atelier_importer', 'atelier_lenses'] loop
        if not pg_has_role(current_user, role_name, 'set') then
            execute format('grant %I to %I', role_name, current_user);
        end if;
    end loop;
end;
$$;

grant usage on schema public, auth to atelier_jobs, atelier_backup, atelier_lenses;

create function auth.is_superuser() returns boolean
language sql stable parallel safe
as $$ select coalesce(current_setting('app.is_superuser', true), '') = 'true' $$;
comment on function auth.is_superuser() is 'Whether the calling user administers this Atelier. Policies call it as (select auth.is_superuser()).';
revoke execute on function auth.is_superuser() from public;
grant execute on function auth.is_superuser() to atelier_api, atelier_system;

create function auth.become(user_id uuid, session_id uuid, is_superuser boolean) returns void
language sql volatile
as $$
    select
        set_config('app.user_id', user_id::text, true),
        set_config('app.session_id', session_id::text, true),
        set_config('app.is_superuser', is_superuser::text, true)
$$;
comment on function auth.become(uuid, uuid, boolean) is 'Goes on as this user for the rest of the transaction.';
revoke execute on function auth.become(uuid, uuid, boolean) from public;
grant execute on function auth.become(uuid, uuid, boolean) to atelier_system;

create or replace function auth.authenticate(token_hash bytea) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    session record;
begin
    select sessions.id, sessions.user_id, sessions.last_activity_at, users.is_superuser
    into session
    from public.sessions
    join public.users on users.id = sessions.user_id
    where sessions.token_hash = authenticate.token_hash
      and sessions.is_active
      and sessions.expires_at > now()
      and users.is_active;
    if not found then
        perform public.refuse('unauthenticated');
    end if;
    if session.last_activity_at < now() - interval '1 minute' then
        -- Whoever else is writing this very row is noting the same activity.
        update public.sessions set last_activity_at = now()
        where id = (select id from public.sessions where id = session.id for update skip locked);
    end if;
    perform auth.become(session.user_id, session.id, session.is_superuser);
end;
$$;

create or replace function auth.sign_in(
    user_id uuid, password_hash text, token_hash bytea, expires_at timestamptz, ip_address inet, user_agent text
) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    new_session_id uuid;
    user_is_superuser boolean;
begin
    update public.users set last_login_at = now()
    where users.id = user_id and users.password_hash = sign_in.password_hash and users.is_active
    returning is_superuser into user_is_superuser;
    if not found then
        perform public.refuse('wrong_credentials');
    end if;
    insert into public.sessions (user_id, token_hash, expires_at, ip_address, user_agent)
    values (user_id, token_hash, expires_at, ip_address, user_agent)
    returning id into new_session_id;
    perform auth.become(user_id, new_session_id, user_is_superuser);
end;
$$;
