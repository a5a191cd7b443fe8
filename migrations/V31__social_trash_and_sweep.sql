-- Comments that go though others have answered them, lineage that outlives its ancestors, and what the sweep needs.

-- The body's rule changes with its meaning. The table is as new as this release, so there is nothing to look through.
alter table artifact_comments
    add column deleted_at timestamptz,
    drop constraint artifact_comments_body_check,
    add constraint artifact_comments_body_check check (length(body) <= 10000 and (body = '') = (deleted_at is not null));
comment on column artifact_comments.body is 'What it says, at most 10,000 characters; empty once it is removed.';
comment on column artifact_comments.parent_id is 'The comment it answers; null for one about the artifact itself.';
comment on column artifact_comments.deleted_at is
    'Since when an empty row stands in for it, because others had answered; null for comments as they were written.';

grant select, update (body, deleted_at), delete on artifact_comments to atelier_system;
create policy artifact_comments_system on artifact_comments to atelier_system using (true);

create function delete_comment(comment_id uuid) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    next_id uuid := comment_id;
    next_comment record;
begin
    perform from public.artifact_comments
    join public.artifacts on artifacts.id = artifact_comments.artifact_id
    where artifact_comments.id = comment_id
      and artifact_comments.deleted_at is null
      and artifacts.deleted_at is null
      and (artifacts.owner_user_id = auth.uid()
           or (artifact_comments.user_id = auth.uid() and artifacts.visibility = 'public'));
    if not found then
        return false;
    end if;
    while next_id is not null loop
        -- Nobody can answer it as long as its row is held.
        select id, parent_id, deleted_at into next_comment
        from public.artifact_comments
        where id = next_id
        for update;
        exit when not found or (next_id <> comment_id and next_comment.deleted_at is null);
        if exists (select from public.artifact_comments where parent_id = next_id) then
            update public.artifact_comments set body = '', deleted_at = now() where id = next_id and deleted_at is null;
            exit;
        end if;
        delete from public.artifact_comments where id = next_id;
        next_id := next_comment.parent_id;
    end loop;
    return true;
end;
$$;
comment on function delete_comment(uuid) is
    'Removes a comment of the caller''s or on the caller''s artifact, and says whether there was one. An empty row stays where others have answered, and goes with the last answer.';

-- Written out in the policy, the look at the artifact becomes a list of all artifacts that the caller sees, made before the
-- first row is read, as soon as many rows are expected. As a function it is a look a row.
create function is_visible_artifact(artifact_id uuid) returns boolean
language plpgsql stable
as $$
begin
    return exists (select from artifacts where artifacts.id = is_visible_artifact.artifact_id);
end;
$$;
comment on function is_visible_artifact(uuid) is 'Whether row level security shows the artifact to the caller.';
alter policy artifact_likes_select on artifact_likes using (is_visible_artifact(artifact_id));
alter policy artifact_comments_select on artifact_comments using (is_visible_artifact(artifact_id));

create function count_answers(comment_id uuid) returns bigint
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$ select count(*) from public.artifact_comments where artifact_comments.parent_id = comment_id $$;
comment on function count_answers(uuid) is
    'How many comments answer this one, for who sees that: row level security would look at the artifact for each of them.';

create function comment_depth(comment_id uuid) returns integer
language sql stable
as $$
    with recursive way as (
        select parent_id, 1 as depth from artifact_comments where id = comment_id
        union all
        select artifact_comments.parent_id, way.depth + 1
        from way
        join artifact_comments on artifact_comments.id = way.parent_id
        where way.depth < 100
    )
    select coalesce(max(depth), 0) from way
$$;
comment on function comment_depth(uuid) is
    'How deep a comment lies: 1 for one about the artifact itself, 100 at most; 0 where the caller sees none.';

-- A transaction that adds to an artifact's counts several times does so in the same slot: two of them can wait for each
-- other, but never both at once. Connections that work at the same time still have different slots.
create or replace function count_artifact() returns trigger
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
         select artifact_id, pg_backend_pid() %% 16, $1 * count(*)
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

create or replace function count_fork() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.artifact_counts (artifact_id, slot, forks)
    values (new.forked_from_id, pg_backend_pid() % 16, 1)
    on conflict (artifact_id, slot) do update set forks = artifact_counts.forks + 1;
    return null;
end;
$$;

create or replace function uncount_fork() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.artifact_counts (artifact_id, slot, forks)
    select old.forked_from_id, pg_backend_pid() % 16, -1
    where exists (select from public.artifacts where artifacts.id = old.forked_from_id)
    on conflict (artifact_id, slot) do update set forks = artifact_counts.forks - 1;
    return null;
end;
$$;

-- That a source is removed for good changes columns of its forks, but is no change that their owners made.
create or replace trigger artifacts_touch before update on artifacts
    for each row
    when (
        (old.forked_from_id, old.forked_from_owner_user_id, old.forked_from_version_id, old.origin_artifact_id, old.origin_owner_user_id)
        is not distinct from
        (new.forked_from_id, new.forked_from_owner_user_id, new.forked_from_version_id, new.origin_artifact_id, new.origin_owner_user_id)
    )
    execute function touch_revision();
-- The foreign keys of a fork's lineage set one column each to null. A row that its own transaction has just written is
-- checked whole, so that the second of them would find the other columns naming what is gone: here they all change at once.
grant update (forked_from_id, forked_from_owner_user_id, forked_from_version_id, origin_artifact_id, origin_owner_user_id)
    on artifacts to atelier_system;
create policy artifacts_system_update on artifacts for update to atelier_system using (true);
grant select on artifact_versions to atelier_system;
create policy artifact_versions_system on artifact_versions for select to atelier_system using (true);
create function detach_forks() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    update public.artifacts set
        forked_from_id = (select sources.id from public.artifacts sources where sources.id = artifacts.forked_from_id),
        forked_from_owner_user_id = (select users.id from public.users where users.id = artifacts.forked_from_owner_user_id),
        forked_from_version_id = (
            select versions.id
            from public.artifact_versions versions
            join public.artifacts sources on sources.id = versions.artifact_id
            where versions.id = artifacts.forked_from_version_id
        ),
        origin_artifact_id = (select origins.id from public.artifacts origins where origins.id = artifacts.origin_artifact_id),
        origin_owner_user_id = (select users.id from public.users where users.id = artifacts.origin_owner_user_id)
    where artifacts.forked_from_id = old.id or artifacts.origin_artifact_id = old.id;
    return null;
end;
$$;
comment on function detach_forks() is 'Takes what is gone out of the lineage of a removed artifact''s forks.';
-- Triggers fire in the order of their names: this one before those of foreign keys, "RI_ConstraintTrigger_a_...".
create trigger "A_artifacts_detach_forks" after delete on artifacts for each row execute function detach_forks();

comment on column artifacts.forked_from_id is
    'The source of a fork; null for an original, and once the source is removed for good (the label stays).';
comment on column artifacts.origin_artifact_id is
    'The first ancestor of a fork; null for an original, and once that ancestor is removed for good.';
comment on column artifacts.deleted_at is 'Hidden since then, and removed for good 30 days later; null for artifacts in use.';

create or replace function artifact_ancestors(artifact_id uuid) returns table (ancestor_id uuid, depth integer)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    with recursive way as (
        select id, forked_from_id, forked_from_owner_user_id, forked_from_version_label, origin_artifact_id, 0 as depth
        from public.artifacts
        where artifacts.id = artifact_ancestors.artifact_id
        union all
        select
            artifacts.id, artifacts.forked_from_id, artifacts.forked_from_owner_user_id, artifacts.forked_from_version_label,
            artifacts.origin_artifact_id, way.depth + 1
        from way
        join public.artifacts on artifacts.id = way.forked_from_id
        where way.depth < 1000
    )
    select way.id, way.depth from way where way.depth > 0
    union all
    select null, way.depth + 1
    from way
    where way.forked_from_id is null
      and num_nonnulls(way.forked_from_owner_user_id, way.forked_from_version_label, way.origin_artifact_id) > 0
    union all
    select way.origin_artifact_id, way.depth + 2 from way where way.forked_from_id is null and way.origin_artifact_id is not null
$$;
comment on function artifact_ancestors(uuid) is
    'The ids on the way from a fork to its origin, hidden ones included: join them to artifacts to learn what the caller may see. Null stands for those, next to each other, that are removed for good.';

create function artifact_descendants(artifact_id uuid, before_created_at timestamptz, before_id uuid)
returns table (descendant_id uuid, depth integer)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
-- Of an original with many forks the planner expects that some name no origin, and would look for one from the first row on.
set enable_seqscan = off
as $$
begin
    -- All forks of an original name it, and lie in an index in the order of the list. Below a fork, even one whose source is
    -- gone, they name an origin further up or none, and so do imported ones: these are looked for one by one.
    if exists (
        select from public.artifacts
        where artifacts.forked_from_id = artifact_descendants.artifact_id and artifacts.origin_artifact_id is null
    )
    or exists (
        select from public.artifacts
        where artifacts.id = artifact_descendants.artifact_id
          and num_nonnulls(
              artifacts.forked_from_id, artifacts.forked_from_owner_user_id, artifacts.forked_from_version_label,
              artifacts.origin_artifact_id
          ) > 0
    ) then
        return query
        with recursive tree as (
            select artifacts.id, artifacts.created_at, artifacts.owner_user_id, artifacts.visibility, artifacts.deleted_at, 1 as depth
            from public.artifacts
            where artifacts.forked_from_id = artifact_descendants.artifact_id
            union all
            select
                artifacts.id, artifacts.created_at, artifacts.owner_user_id, artifacts.visibility, artifacts.deleted_at,
                tree.depth + 1
            from tree
            join public.artifacts on artifacts.forked_from_id = tree.id
        )
        select tree.id, tree.depth
        from tree
        where tree.deleted_at is null
          and (tree.visibility = 'public' or tree.owner_user_id = (select auth.uid()))
          and (tree.created_at, tree.id) < (
              coalesce(before_created_at, 'infinity'), coalesce(before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
          )
        order by tree.created_at desc, tree.id desc
        limit 101;
        return;
    end if;
    -- What is public and what is the caller's own apart: most forks are private, and none of someone else's is looked at.
    return query
    with forks as (
        (
            select artifacts.id, artifacts.created_at
            from public.artifacts
            where artifacts.origin_artifact_id = artifact_descendants.artifact_id
              and artifacts.visibility = 'public'
              and artifacts.deleted_at is null
              and (artifacts.created_at, artifacts.id) < (
                  coalesce(before_created_at, 'infinity'), coalesce(before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
              )
            order by artifacts.created_at desc, artifacts.id desc
            limit 101
        )
        union all
        (
            select artifacts.id, artifacts.created_at
            from public.artifacts
            where artifacts.origin_artifact_id = artifact_descendants.artifact_id
              and artifacts.owner_user_id = (select auth.uid())
              and artifacts.visibility = 'private'
              and artifacts.deleted_at is null
              and (artifacts.created_at, artifacts.id) < (
                  coalesce(before_created_at, 'infinity'), coalesce(before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
              )
            order by artifacts.created_at desc, artifacts.id desc
            limit 101
        )
    ),
    newest as materialized (
        select forks.id, forks.created_at
        from forks
        order by forks.created_at desc, forks.id desc
        limit 101
    )
    -- Nobody looks further up than a thousand forks.
    select newest.id, coalesce(way.depth, 1001)
    from newest
    left join lateral (
        select ancestors.depth
        from public.artifact_ancestors(newest.id) ancestors
        where ancestors.ancestor_id = artifact_descendants.artifact_id
        limit 1
    ) way on true
    order by newest.created_at desc, newest.id desc;
end;
$$;
comment on function artifact_descendants(uuid, timestamptz, uuid) is
    'The newest 101 forks, forks of forks and so on, that the caller may see and that are older than the given one, with the number of forks between: what is hidden between them counts.';

-- The sweep.

alter table blobs add column unreferenced_since timestamptz;
comment on column blobs.unreferenced_since is
    'When the sweep first found nothing that refers to it; null while something does, and before the sweep came by.';
grant update (unreferenced_since) on blobs to atelier_jobs;

create table sweep_places (
    name text not null,
    place text not null,
    updated_at timestamptz not null default now(),
    constraint sweep_places_pkey primary key (name)
);
comment on table sweep_places is 'How far the sweep came with what one run cannot walk through whole: the next run goes on there.';
comment on column sweep_places.name is 'What it walks through: blobs, or the objects below a prefix of the bucket.';
comment on column sweep_places.place is 'The last id or key it looked at; empty where it begins anew.';
alter table sweep_places enable row level security;
alter table sweep_places force row level security;
grant select, insert, update on sweep_places to atelier_jobs;
grant select on sweep_places to atelier_backup;
create policy sweep_places_jobs on sweep_places to atelier_jobs using (true);
create policy sweep_places_backup on sweep_places for select to atelier_backup using (true);

create table sweep_removals (
    user_id uuid not null,
    begun_at timestamptz not null default now(),
    constraint sweep_removals_pkey primary key (user_id)
);
comment on table sweep_removals is
    'Whose objects the sweep is removing: written before the bucket is asked, gone with the lock that is held meanwhile. A row without the lock is a sweep that was killed, whose request may still reach the bucket.';
comment on column sweep_removals.user_id is 'Whose objects; no foreign key, as the objects of removed accounts are removed too.';
comment on column sweep_removals.begun_at is 'Two minutes later nothing of it can be on its way any more.';
alter table sweep_removals enable row level security;
alter table sweep_removals force row level security;
grant select, insert, update, delete on sweep_removals to atelier_jobs;
grant select on sweep_removals to atelier_backup, atelier_system;
create policy sweep_removals_jobs on sweep_removals to atelier_jobs using (true);
create policy sweep_removals_backup on sweep_removals for select to atelier_backup using (true);
create policy sweep_removals_system on sweep_removals for select to atelier_system using (true);

create function sweep_artifacts(older_than interval, at_most integer) returns bigint
language sql volatile
as $$
    with removed as (
        delete from artifacts
        where id = any (array(select id from artifacts where deleted_at < now() - older_than limit at_most))
          -- Looked at again where an undelete came first.
          and deleted_at < now() - older_than
        returning id
    )
    select count(*) from removed
$$;
comment on function sweep_artifacts(interval, integer) is
    'Removes artifacts that have been in the trash for so long, with all that belongs to them, at most so many, and says how many.';

create function unreferenced_blobs() returns text
language plpgsql stable
set search_path = public, pg_temp
as $$
declare
    overlooked text;
    condition text;
begin
    select string_agg(distinct pg_constraint.conrelid::regclass::text, ', ') into overlooked
    from pg_constraint
    where pg_constraint.contype = 'f'
      and pg_constraint.confrelid = 'blobs'::regclass
      and (not has_table_privilege(pg_constraint.conrelid, 'select')
           or not exists (
               select from pg_attribute
               where pg_attribute.attrelid = pg_constraint.confrelid
                 and pg_attribute.attname = 'id'
                 and pg_attribute.attnum = any (pg_constraint.confkey)
           )
           or not exists (
               select from pg_policy
               where pg_policy.polrelid = pg_constraint.conrelid
                 and pg_policy.polpermissive
                 and pg_policy.polcmd in ('*', 'r')
                 and pg_policy.polroles && array(select oid from pg_roles where pg_has_role(oid, 'member'))
                 and pg_get_expr(pg_policy.polqual, pg_policy.polrelid) = 'true'
           )
           or exists (
               select from pg_policy where pg_policy.polrelid = pg_constraint.conrelid and not pg_policy.polpermissive
           ));
    if overlooked is not null then
        raise exception 'references to blobs may stay unseen in %', overlooked;
    end if;
    select string_agg(
        format(
            'not exists (select from %s referrer where referrer.%I = blobs.id)', pg_constraint.conrelid::regclass, pg_attribute.attname
        ),
        ' and ' order by pg_constraint.conrelid, pg_attribute.attnum
    )
    into condition
    from pg_constraint
    cross join lateral unnest(pg_constraint.conkey, pg_constraint.confkey) as columns (referring, referred)
    join pg_attribute on pg_attribute.attrelid = pg_constraint.conrelid and pg_attribute.attnum = columns.referring
    join pg_attribute id on id.attrelid = pg_constraint.confrelid and id.attnum = columns.referred and id.attname = 'id'
    where pg_constraint.contype = 'f' and pg_constraint.confrelid = 'blobs'::regclass;
    return condition;
end;
$$;
comment on function unreferenced_blobs() is
    'The condition that nothing refers to a row of blobs, made of all foreign keys to it, so that none can be forgotten; an error where the caller could not see all rows behind one.';

create function sweep_blobs(older_than interval, after uuid, at_most integer, remove boolean)
returns table (last_id uuid, marked bigint, removed bigint)
language plpgsql volatile
as $$
#variable_conflict use_column
declare
    select_unreferenced text := format('select array(select id from blobs where id = any ($1) and %s)', unreferenced_blobs());
    walked uuid[] := array(select id from blobs where id > after order by id limit at_most);
    unreferenced uuid[];
begin
    last_id := walked[cardinality(walked)];
    execute select_unreferenced into unreferenced using walked;
    if not remove then
        select
            count(*) filter (where unreferenced_since is null),
            count(*) filter (where unreferenced_since <= now() - older_than)
        into marked, removed
        from blobs
        where id = any (unreferenced);
        return next;
        return;
    end if;
    update blobs set unreferenced_since = null
    where id = any (walked) and unreferenced_since is not null and id <> all (unreferenced);
    -- Whoever is about to refer to a blob holds its row until that is committed. Such rows are passed over; the others are
    -- held, and then looked at once more.
    unreferenced := array(select id from blobs where id = any (unreferenced) for update skip locked);
    execute select_unreferenced into unreferenced using unreferenced;
    update blobs set unreferenced_since = now() where id = any (unreferenced) and unreferenced_since is null;
    get diagnostics marked = row_count;
    delete from blobs where id = any (unreferenced) and unreferenced_since <= now() - older_than;
    get diagnostics removed = row_count;
    return next;
end;
$$;
comment on function sweep_blobs(interval, uuid, integer, boolean) is
    'Looks at the next so many blobs after an id: marks those that nothing refers to, and removes those that have been so for long enough, or (remove = false) only counts both. last_id is null at the end. The objects in the bucket are apart: orphaned_objects().';

create function uploads_lock(user_id uuid) returns bigint
language sql immutable strict parallel safe
as $$ select hashtextextended('uploads ' || user_id, 0) $$;
comment on function uploads_lock(uuid) is
    'The advisory lock that the sweep holds while it removes objects of a user, and that whoever declares an upload shares.';

create function hold_objects() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_advisory_xact_lock_shared(public.uploads_lock(new.user_id));
    if exists (
        select from public.sweep_removals
        where sweep_removals.user_id = new.user_id and sweep_removals.begun_at > now() - interval '2 minutes'
    ) then
        perform public.refuse('unavailable');
    end if;
    return new;
end;
$$;
comment on function hold_objects() is
    'Makes a new upload wait until the sweep has removed what it is removing of this user''s objects, and the sweep see the upload. After a sweep that was killed meanwhile it is refused for two minutes.';
create trigger uploads_hold_objects before insert on uploads for each row execute function hold_objects();

create function orphaned_objects(storage_keys text[]) returns setof text
language sql stable
as $$
    select stored.storage_key
    from unnest(storage_keys) as stored (storage_key)
    cross join lateral regexp_match(
        stored.storage_key,
        '^(blobs|images)/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/([0-9a-f]{64})$'
    ) as part
    where part is not null
      and not exists (select from blobs where blobs.storage_key = stored.storage_key)
      -- What a pending upload may become: its bytes, and whatever pictures are made of a picture.
      and not exists (
          select from uploads
          where uploads.user_id = part[2]::uuid
            and uploads.state = 'pending'
            and (uploads.sha256 = decode(part[3], 'hex')
                 or (part[1] = 'images' and uploads.purpose in ('avatar', 'screenshot')))
      )
$$;
comment on function orphaned_objects(text[]) is
    'Those of the bucket''s keys that are of our making, and that neither a blob nor a pending upload refers to.';

grant create on schema public to atelier_system;
alter function delete_comment(uuid) owner to atelier_system;
alter function count_answers(uuid) owner to atelier_system;
alter function hold_objects() owner to atelier_system;
alter function detach_forks() owner to atelier_system;
alter function artifact_descendants(uuid, timestamptz, uuid) owner to atelier_system;
revoke create on schema public from atelier_system;
grant execute on function artifact_ancestors(uuid) to atelier_system;
revoke execute on function delete_comment(uuid), count_answers(uuid), artifact_descendants(uuid, timestamptz, uuid) from public;
grant execute on function delete_comment(uuid), count_answers(uuid), artifact_descendants(uuid, timestamptz, uuid) to atelier_api;
revoke execute on function
    sweep_artifacts(interval, integer), sweep_blobs(interval, uuid, integer, boolean), unreferenced_blobs(), orphaned_objects(text[])
    from public;
grant execute on function
    sweep_artifacts(interval, integer), sweep_blobs(interval, uuid, integer, boolean), unreferenced_blobs(), orphaned_objects(text[])
    to atelier_jobs;
