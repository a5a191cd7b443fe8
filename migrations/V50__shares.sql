-- Links to a chat or an artifact, for whoever has the link.
create table shares (
    id uuid not null default uuid_v7(),
    user_id uuid not null,
    kind text not null,
    chat_id uuid,
    artifact_id uuid,
    version_index integer,
    through_message_id uuid,
    through_created_at timestamptz,
    token_hash bytea not null,
    view_key bytea not null default uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),
    password_hash text,
    has_password boolean not null generated always as (password_hash is not null) stored,
    password_attempts integer not null default 0,
    password_attempts_since timestamptz,
    max_views integer,
    expires_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null default now(),
    constraint shares_pkey primary key (id),
    constraint shares_token_hash_key unique (token_hash),
    constraint shares_token_hash_check check (length(token_hash) = 32),
    constraint shares_kind_check check (
        (kind = 'chat' and artifact_id is null and version_index is null)
        or (kind = 'artifact' and chat_id is null and through_message_id is null)
    ),
    constraint shares_through_check check ((through_message_id is null) = (through_created_at is null)),
    constraint shares_max_views_check check (max_views >= 1),
    constraint shares_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
    constraint shares_chat_id_fkey foreign key (chat_id, user_id) references chats (id, user_id) on delete set null (chat_id),
    constraint shares_artifact_id_fkey foreign key (artifact_id) references artifacts (id) on delete set null
);
create index shares_user_id_idx on shares (user_id, created_at desc, id desc);
create index shares_chat_id_idx on shares (chat_id, created_at desc, id desc) where chat_id is not null;
create index shares_artifact_id_idx on shares (artifact_id, created_at desc, id desc) where artifact_id is not null;
comment on table shares is 'Links by which anyone who has one opens a chat or an artifact of its owner''s, without an account.';
comment on column shares.kind is 'What was shared, which is still known when it is gone.';
comment on column shares.chat_id is 'The chat; null where it is an artifact, or once the chat is gone.';
comment on column shares.artifact_id is 'The artifact; null where it is a chat, or once the artifact is gone.';
comment on column shares.version_index is 'The version of the artifact that is shown; null for whichever is the newest.';
comment on column shares.through_message_id is
    'The last message of the chat that is shown; null for all, those still to come too. No foreign key: a place in the chat, which is still there when the message is gone.';
comment on column shares.through_created_at is 'When that message was stored: the other half of the place.';
comment on column shares.token_hash is 'SHA-256 of the token in the link, which is shown once and kept nowhere.';
comment on column shares.view_key is
    'A secret that never leaves the database: what views are signed with, by which whoever has opened the link goes on reading.';
comment on column shares.password_hash is 'Argon2id in PHC string form; null where the link alone opens it.';
comment on column shares.has_password is 'What its owner may know of password_hash.';
comment on column shares.password_attempts is
    'Passwords tried since password_attempts_since that were not right, or of which that is not known yet.';
comment on column shares.password_attempts_since is
    'When the first of them was tried: an hour later they are forgotten. Null before any.';
comment on column shares.max_views is 'How often it can be opened; null for any number.';
comment on column shares.expires_at is 'From when on it cannot be opened; null for never.';
comment on column shares.revoked_at is 'When its owner took it back; null while they have not.';

create table share_views (
    share_id uuid not null,
    slot smallint not null,
    views integer not null,
    last_viewed_at timestamptz not null default now(),
    constraint share_views_pkey primary key (share_id, slot),
    constraint share_views_share_id_fkey foreign key (share_id) references shares (id) on delete cascade
);
comment on table share_views is
    'How often links were opened, in slots, so that no two readers wait for one row. The count is the sum of a share''s slots. Where max_views is set there is one slot, so that it is never exceeded.';
comment on column share_views.share_id is 'No row: it was not opened yet.';
comment on column share_views.slot is '0 to 15, by the connection that counts; 0 where max_views is set.';
comment on column share_views.views is 'This slot''s part of the count.';
comment on column share_views.last_viewed_at is 'When this slot last counted.';

alter table shares enable row level security;
alter table shares force row level security;
alter table share_views enable row level security;
alter table share_views force row level security;

grant select (
    id, user_id, kind, chat_id, artifact_id, version_index, through_message_id, through_created_at, has_password, max_views,
    expires_at, revoked_at, created_at
) on shares to atelier_api;
grant insert (
    id, user_id, kind, chat_id, artifact_id, version_index, through_message_id, through_created_at, token_hash, password_hash,
    max_views, expires_at
) on shares to atelier_api;
grant update (revoked_at) on shares to atelier_api;
create policy shares_select on shares for select to atelier_api using (user_id = (select auth.uid()));
create policy shares_insert on shares for insert to atelier_api with check (
    user_id = (select auth.uid())
    and (artifact_id is null
         or exists (
             select from artifacts where artifacts.id = artifact_id and artifacts.owner_user_id = (select auth.uid())
         ))
);
create policy shares_update on shares for update to atelier_api using (user_id = (select auth.uid()));
grant select on share_views to atelier_api;
-- Written out in the policy, the look at the share becomes a list of all shares of the caller. As a function it is a look a row.
create function is_own_share(share_id uuid) returns boolean
language plpgsql stable
as $$
begin
    return exists (select from public.shares where shares.id = is_own_share.share_id);
end;
$$;
comment on function is_own_share(uuid) is 'Whether row level security shows the share to the caller.';
create policy share_views_select on share_views for select to atelier_api using (is_own_share(share_id));

grant select, update (password_attempts, password_attempts_since) on shares to atelier_system;
create policy shares_system on shares to atelier_system using (true);
grant select, insert, update (views, last_viewed_at) on share_views to atelier_system;
create policy share_views_system on share_views to atelier_system using (true);

do $$
declare
    new_table text;
begin
    foreach new_table in array array['shares', 'share_views'] loop
        execute format('grant select, delete on %I to atelier_jobs', new_table);
        execute format('grant select on %I to atelier_backup', new_table);
        execute format('create policy %I on %I to atelier_jobs using (true)', new_table || '_jobs', new_table);
        execute format('create policy %I on %I for select to atelier_backup using (true)', new_table || '_backup', new_table);
    end loop;
end;
$$;
-- As with users: no key, and no hash.
revoke select on shares from atelier_jobs;
grant select (id, user_id, kind, expires_at, revoked_at, created_at) on shares to atelier_jobs;

create function share_state(share_id uuid) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select case
        when shares.revoked_at is not null then 'revoked'
        when shares.expires_at <= now() then 'expired'
        when shares.chat_id is null
            and not exists (
                select from public.artifacts where artifacts.id = shares.artifact_id and artifacts.deleted_at is null
            )
            then 'gone'
        when shares.max_views <= (select sum(share_views.views) from public.share_views where share_views.share_id = shares.id)
            then 'spent'
        else 'active'
    end
    from public.shares
    where shares.id = share_state.share_id
$$;
comment on function share_state(uuid) is
    'Whether a link can be opened (active), or why not: revoked, expired, gone (what it led to is deleted, or in the trash) or spent (opened as often as it may be). Of several reasons the first.';

create function auth.share_id() returns uuid
language sql stable parallel safe
as $$ select nullif(current_setting('app.share_id', true), '')::uuid $$;
comment on function auth.share_id() is 'The share whose link this transaction reads by, or null.';

create function auth.find_share(token_hash bytea) returns public.shares
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    share public.shares;
begin
    select shares.* into share from public.shares where shares.token_hash = find_share.token_hash;
    if not found then
        perform public.refuse('not_found');
    end if;
    if not exists (select from public.users where users.id = share.user_id and users.is_active) then
        perform public.refuse('share_gone');
    end if;
    return share;
end;
$$;
comment on function auth.find_share(bytea) is
    'The share with this token, or the problem not_found. Links of an account that cannot be used lead nowhere.';

create function auth.read_share(share public.shares) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform auth.become(share.user_id, null);
    perform set_config('app.share_id', share.id::text, true);
    -- Whoever has a link sees by its owner's eyes, and is shown what the statements that follow pick out of that. They cannot
    -- change anything.
    perform set_config('transaction_read_only', 'on', true);
end;
$$;
comment on function auth.read_share(public.shares) is
    'Goes on as the share''s owner, who can only read from now on, and sets auth.share_id().';

create function auth.try_share_password(token_hash bytea) returns table (password_hash text, retry_after integer)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    share public.shares := auth.find_share(token_hash);
    state text := public.share_state(share.id);
begin
    if state <> 'active' then
        perform public.refuse('share_' || state);
    end if;
    if share.password_hash is null then
        return;
    end if;
    -- Counted before it is known to be wrong, so that no more are tried at the same time than one after the other.
    update public.shares set
        password_attempts = case
            when password_attempts_since > now() - interval '1 hour' then password_attempts + 1
            else 1
        end,
        password_attempts_since = case
            when password_attempts_since > now() - interval '1 hour' then password_attempts_since
            else now()
        end
    where id = share.id
      and (password_attempts < 20
           or password_attempts_since is null
           or password_attempts_since <= now() - interval '1 hour');
    if found then
        return query select share.password_hash, null::integer;
    else
        return query
        select null::text, greatest(1, ceil(extract(epoch from password_attempts_since + interval '1 hour' - now())))::integer
        from public.shares
        where id = share.id;
    end if;
end;
$$;
comment on function auth.try_share_password(bytea) is
    'What a password for a share is checked against, counting the attempt, of which there are 20 an hour; or in how many seconds there are more. No row where it has no password.';

create function auth.open_share(token_hash bytea, password_hash text) returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    share public.shares := auth.find_share(token_hash);
    state text := public.share_state(share.id);
    view_expires bytea := int8send((extract(epoch from date_trunc('hour', now())) + 25 * 3600)::bigint);
begin
    if state <> 'active' then
        perform public.refuse('share_' || state);
    end if;
    if share.password_hash is not null then
        if open_share.password_hash is null then
            perform public.refuse('share_password_required');
        elsif open_share.password_hash <> share.password_hash then
            perform public.refuse('share_password_wrong');
        end if;
        -- This attempt was right. That says nothing of the others, which may be someone else's.
        update public.shares set password_attempts = greatest(shares.password_attempts - 1, 0) where shares.id = share.id;
    end if;
    insert into public.share_views as counted (share_id, slot, views)
    values (share.id, case when share.max_views is null then pg_backend_pid() % 16 else 0 end, 1)
    on conflict (share_id, slot) do update set views = counted.views + 1, last_viewed_at = now()
        where share.max_views is null or counted.views < share.max_views;
    if not found then
        perform public.refuse('share_spent');
    end if;
    perform auth.read_share(share);
    return encode(view_expires || sha256(share.view_key || view_expires), 'hex');
end;
$$;
comment on function auth.open_share(bytea, text) is
    'Counts a view of the share with this token, whose password hash was just verified where it has one, and goes on as one who reads it. Gives the view: when it ends, and a signature of that.';

create function auth.resume_share(token_hash bytea, view text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    share public.shares := auth.find_share(token_hash);
    state text := public.share_state(share.id);
    view_expires bytea;
begin
    -- Whoever came in while there were views left reads to the end.
    if state not in ('active', 'spent') then
        perform public.refuse('share_' || state);
    end if;
    if view is null or view !~ '^[0-9a-f]{80}$' then
        perform public.refuse('share_view_required');
    end if;
    view_expires := decode(left(view, 16), 'hex');
    if decode(substr(view, 17), 'hex') <> sha256(share.view_key || view_expires)
        or view_expires < int8send(extract(epoch from now())::bigint)
    then
        perform public.refuse('share_view_required');
    end if;
    perform auth.read_share(share);
end;
$$;
comment on function auth.resume_share(bytea, text) is
    'Goes on as one who reads the share with this token, with a view that open_share() gave a day ago at most.';

grant create on schema auth to atelier_system;
alter function auth.find_share(bytea) owner to atelier_system;
alter function auth.read_share(public.shares) owner to atelier_system;
alter function auth.try_share_password(bytea) owner to atelier_system;
alter function auth.open_share(bytea, text) owner to atelier_system;
alter function auth.resume_share(bytea, text) owner to atelier_system;
revoke create on schema auth from atelier_system;
revoke execute on function
    auth.share_id(), auth.find_share(bytea), auth.read_share(public.shares), auth.try_share_password(bytea), auth.open_share(bytea, text),
    auth.resume_share(bytea, text)
    from public;
grant execute on function
    auth.share_id(), auth.try_share_password(bytea), auth.open_share(bytea, text), auth.resume_share(bytea, text)
    to atelier_api;
