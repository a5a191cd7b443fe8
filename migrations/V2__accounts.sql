create table users (
    id uuid not null default uuid_v7(),
    email text not null,
    password_hash text,
    name text,
    given_name text,
    family_name text,
    preferences jsonb not null default '{}',
    is_active boolean not null default true,
    is_superuser boolean not null default false,
    last_login_at timestamptz,
    revision bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint users_pkey primary key (id),
    constraint users_email_check check (email ~ '^[^@\s]+@[^@\s]+$' and length(email) <= 254),
    constraint users_preferences_check check (jsonb_typeof(preferences) = 'object')
);
create unique index users_email_key on users (lower(email));
create index users_created_at_idx on users (created_at);
-- Signing in is no change that a person could lose to another.
create trigger users_touch
    before update of email, password_hash, name, given_name, family_name, preferences, is_active, is_superuser on users
    for each row execute function touch_revision();
comment on table users is 'Accounts: USER of craftlive, users of december and aio.';
comment on column users.password_hash is 'Argon2id in PHC string form; null where the person signs in with OpenID Connect only.';

create table sessions (
    id uuid not null default uuid_v7(),
    user_id uuid not null,
    token_hash bytea not null,
    ip_address inet,
    user_agent text,
    is_active boolean not null default true,
    last_activity_at timestamptz not null default now(),
    expires_at timestamptz not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint sessions_pkey primary key (id),
    constraint sessions_token_hash_key unique (token_hash),
    constraint sessions_token_hash_check check (length(token_hash) = 32),
    constraint sessions_user_id_fkey foreign key (user_id) references users (id) on delete cascade
);
create index sessions_user_id_idx on sessions (user_id, created_at desc, id desc);
create index sessions_expires_at_idx on sessions (expires_at);
create trigger sessions_touch before update on sessions for each row execute function touch();
comment on table sessions is 'Sign-ins: sessions of december and aio.';
comment on column sessions.token_hash is 'SHA-256 of the bearer token, which is shown once and kept nowhere.';
comment on column sessions.last_activity_at is 'Written at most once a minute.';

create table profiles (
    user_id uuid not null,
    handle text not null,
    display_name text,
    bio text,
    avatar_blob_id uuid,
    age integer,
    gender text,
    city text,
    country text,
    revision bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint profiles_pkey primary key (user_id),
    constraint profiles_handle_key unique (handle),
    constraint profiles_handle_check check (handle ~ '^[a-z0-9](-?[a-z0-9]){1,31}$'),
    constraint profiles_age_check check (age between 0 and 150),
    constraint profiles_user_id_fkey foreign key (user_id) references users (id) on delete cascade
);
create trigger profiles_touch before update on profiles for each row execute function touch_revision();
comment on table profiles is 'What others see of a user: profiles of storage and canonical.';
comment on column profiles.handle is 'Public name in URLs, lower case.';
comment on column profiles.age is 'Years; shown to the owner alone, like gender, city and country.';

alter table users enable row level security;
alter table users force row level security;
alter table sessions enable row level security;
alter table sessions force row level security;
alter table profiles enable row level security;
alter table profiles force row level security;

grant select on users to atelier_api;
grant update (email, name, given_name, family_name, preferences) on users to atelier_api;
create policy users_select on users for select to atelier_api using (id = (select auth.uid()));
create policy users_update on users for update to atelier_api using (id = (select auth.uid()));

grant select on sessions to atelier_api;
grant update (is_active) on sessions to atelier_api;
create policy sessions_select on sessions for select to atelier_api using (user_id = (select auth.uid()));
create policy sessions_update on sessions for update to atelier_api using (user_id = (select auth.uid()));

grant select on profiles to atelier_api;
grant update (handle, display_name, bio, avatar_blob_id, age, gender, city, country) on profiles to atelier_api;
create policy profiles_select on profiles for select to atelier_api using (true);
create policy profiles_update on profiles for update to atelier_api using (user_id = (select auth.uid()));

grant select, insert, update (last_login_at) on users to atelier_system;
grant select, insert, update (last_activity_at) on sessions to atelier_system;
grant insert on profiles to atelier_system;
create policy users_system on users to atelier_system using (true);
create policy sessions_system on sessions to atelier_system using (true);
create policy profiles_system on profiles to atelier_system using (true);

create function auth.become(user_id uuid, session_id uuid) returns void
language sql volatile
as $$ select set_config('app.user_id', user_id::text, true), set_config('app.session_id', session_id::text, true) $$;

create function auth.authenticate(token_hash bytea) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    session record;
begin
    select sessions.id, sessions.user_id, sessions.last_activity_at
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
    perform auth.become(session.user_id, session.id);
end;
$$;
comment on function auth.authenticate(bytea) is
    'Sets auth.uid() and auth.session_id() for this transaction, or ends it with the problem unauthenticated.';

create function auth.register(
    email text, password_hash text, name text, handle text, display_name text,
    token_hash bytea, expires_at timestamptz, ip_address inet, user_agent text
) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    new_user_id uuid;
    new_session_id uuid;
begin
    insert into public.users (email, password_hash, name, last_login_at)
    values (email, password_hash, name, now())
    returning id into new_user_id;
    insert into public.profiles (user_id, handle, display_name)
    values (new_user_id, handle, display_name);
    insert into public.sessions (user_id, token_hash, expires_at, ip_address, user_agent)
    values (new_user_id, token_hash, expires_at, ip_address, user_agent)
    returning id into new_session_id;
    perform auth.become(new_user_id, new_session_id);
end;
$$;
comment on function auth.register(text, text, text, text, text, bytea, timestamptz, inet, text) is
    'Makes an account, its profile and its first session, and goes on as that user.';

create function auth.password_hash(email text) returns table (user_id uuid, password_hash text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select users.id, users.password_hash
    from public.users
    where lower(users.email) = lower(password_hash.email) and users.is_active and users.password_hash is not null
$$;
comment on function auth.password_hash(text) is 'What a password sign-in is checked against.';

create function auth.sign_in(
    user_id uuid, password_hash text, token_hash bytea, expires_at timestamptz, ip_address inet, user_agent text
) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    new_session_id uuid;
begin
    update public.users set last_login_at = now()
    where users.id = user_id and users.password_hash = sign_in.password_hash and users.is_active;
    if not found then
        perform public.refuse('wrong_credentials');
    end if;
    insert into public.sessions (user_id, token_hash, expires_at, ip_address, user_agent)
    values (user_id, token_hash, expires_at, ip_address, user_agent)
    returning id into new_session_id;
    perform auth.become(user_id, new_session_id);
end;
$$;
comment on function auth.sign_in(uuid, text, bytea, timestamptz, inet, text) is
    'Makes a session, provided that the password hash just verified is still the account''s, and goes on as that user.';

grant create on schema auth to atelier_system;
alter function auth.authenticate(bytea) owner to atelier_system;
alter function auth.register(text, text, text, text, text, bytea, timestamptz, inet, text) owner to atelier_system;
alter function auth.password_hash(text) owner to atelier_system;
alter function auth.sign_in(uuid, text, bytea, timestamptz, inet, text) owner to atelier_system;
revoke create on schema auth from atelier_system;
revoke execute on all functions in schema auth from public;
grant execute on all functions in schema auth to atelier_api, atelier_system;
-- Only the functions above decide who a caller is; whoever can run SQL as atelier_api could set the variable, but nothing offers it.
revoke execute on function auth.become(uuid, uuid) from atelier_api;
