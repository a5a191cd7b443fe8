create table artifacts (
    id uuid not null default uuid_v7(),
    owner_user_id uuid not null,
    title text not null,
    description text,
    visibility text not null default 'private',
    type text not null default 'code',
    tool_name text,
    metadata jsonb not null default '{}',
    chat_id uuid,
    project_id uuid,
    forked_from_id uuid,
    forked_from_owner_user_id uuid,
    forked_from_version_id uuid,
    forked_from_version_label text,
    origin_artifact_id uuid,
    origin_owner_user_id uuid,
    source_session_id text,
    source_session_credits_estimate numeric,
    current_version_id uuid,
    versions_count integer not null default 0,
    versioning_enabled boolean not null default true,
    chat_history_public boolean not null default false,
    deleted_at timestamptz,
    revision bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint artifacts_pkey primary key (id),
    constraint artifacts_visibility_check check (visibility in ('public', 'private')),
    constraint artifacts_metadata_check check (jsonb_typeof(metadata) = 'object'),
    constraint artifacts_credits_check check (source_session_credits_estimate >= 0),
    constraint artifacts_owner_user_id_fkey foreign key (owner_user_id) references users (id) on delete cascade,
    constraint artifacts_chat_id_fkey foreign key (chat_id, owner_user_id) references chats (id, user_id)
        on delete set null (chat_id),
    constraint artifacts_project_id_fkey foreign key (project_id, owner_user_id) references projects (id, owner_id)
        on delete set null (project_id),
    constraint artifacts_forked_from_id_fkey foreign key (forked_from_id) references artifacts (id) on delete set null,
    constraint artifacts_forked_from_owner_user_id_fkey foreign key (forked_from_owner_user_id) references users (id)
        on delete set null,
    constraint artifacts_origin_artifact_id_fkey foreign key (origin_artifact_id) references artifacts (id) on delete set null,
    constraint artifacts_origin_owner_user_id_fkey foreign key (origin_owner_user_id) references users (id) on delete set null
);
comment on table artifacts is 'What people make, publish and fork: artifacts of storage, canonical and aio.';
comment on column artifacts.type is 'What it is: code, image, model, ...; free text.';
comment on column artifacts.origin_artifact_id is 'The first ancestor of a fork; null for an original.';
comment on column artifacts.source_session_credits_estimate is 'Credits.';
comment on column artifacts.versions_count is 'The highest version_index; the next version has one more.';
comment on column artifacts.deleted_at is 'Hidden since then.';

create index artifacts_owner_user_id_idx on artifacts (owner_user_id, created_at desc, id desc) where deleted_at is null;
create index artifacts_owner_user_id_type_idx on artifacts (owner_user_id, type, created_at desc, id desc)
    where deleted_at is null;
create index artifacts_gallery_idx on artifacts (created_at desc, id desc)
    where visibility = 'public' and deleted_at is null;
create index artifacts_gallery_type_idx on artifacts (type, created_at desc, id desc)
    where visibility = 'public' and deleted_at is null;
create index artifacts_forked_from_id_idx on artifacts (forked_from_id, created_at desc, id desc)
    where forked_from_id is not null;
create index artifacts_origin_artifact_id_idx on artifacts (origin_artifact_id) where origin_artifact_id is not null;
create index artifacts_forked_from_owner_user_id_idx on artifacts (forked_from_owner_user_id)
    where forked_from_owner_user_id is not null;
create index artifacts_forked_from_version_id_idx on artifacts (forked_from_version_id)
    where forked_from_version_id is not null;
create index artifacts_origin_owner_user_id_idx on artifacts (origin_owner_user_id) where origin_owner_user_id is not null;
create index artifacts_chat_id_idx on artifacts (chat_id) where chat_id is not null;
create index artifacts_project_id_idx on artifacts (project_id) where project_id is not null;
create trigger artifacts_touch before update on artifacts for each row execute function touch_revision();

create table artifact_versions (
    id uuid not null default uuid_v7(),
    artifact_id uuid not null,
    version_index integer not null,
    parent_version_id uuid,
    summary text,
    label text,
    code_language text,
    session_id text,
    credits_used_estimate numeric,
    stats jsonb not null default '{}',
    version_metadata jsonb not null default '{}',
    files_count integer not null,
    size bigint not null,
    additions integer not null,
    deletions integer not null,
    created_at timestamptz not null default now(),
    constraint artifact_versions_pkey primary key (id),
    constraint artifact_versions_version_index_key unique (artifact_id, version_index),
    constraint artifact_versions_id_artifact_id_key unique (id, artifact_id),
    constraint artifact_versions_version_index_check check (version_index >= 1),
    constraint artifact_versions_stats_check check (jsonb_typeof(stats) = 'object'),
    constraint artifact_versions_credits_check check (credits_used_estimate >= 0),
    constraint artifact_versions_artifact_id_fkey foreign key (artifact_id) references artifacts (id) on delete cascade,
    constraint artifact_versions_parent_version_id_fkey foreign key (parent_version_id) references artifact_versions (id)
        on delete set null
);
create index artifact_versions_parent_version_id_idx on artifact_versions (parent_version_id);
comment on table artifact_versions is 'artifact_versions of storage and canonical. Indexes run from 1 without a gap, and no row is ever changed.';
comment on column artifact_versions.version_metadata is 'Title, visibility and source as they were when this version was published.';
comment on column artifact_versions.size is 'Bytes of all its files, before any encoding.';
comment on column artifact_versions.additions is 'Lines added against the parent version; deletions likewise.';

alter table artifacts add constraint artifacts_current_version_id_fkey
    foreign key (current_version_id, id) references artifact_versions (id, artifact_id) deferrable initially deferred;
alter table artifacts add constraint artifacts_forked_from_version_id_fkey
    foreign key (forked_from_version_id) references artifact_versions (id) on delete set null;
create index artifacts_current_version_id_idx on artifacts (current_version_id);

create table artifact_files (
    artifact_id uuid not null,
    path text not null,
    first_index integer not null,
    last_index integer,
    blob_id uuid not null,
    language text,
    constraint artifact_files_pkey primary key (artifact_id, path, first_index),
    constraint artifact_files_span_check check (last_index >= first_index),
    constraint artifact_files_artifact_id_fkey foreign key (artifact_id) references artifacts (id) on delete cascade,
    constraint artifact_files_blob_id_fkey foreign key (blob_id) references blobs (id)
);
create unique index artifact_files_current_key on artifact_files (artifact_id, path) where last_index is null;
create index artifact_files_blob_id_idx on artifact_files (blob_id);
comment on table artifact_files is
    'The manifests (code_references): a path holds a blob from version first_index to last_index (null: still). A version costs rows only for what it changes.';

create table artifact_version_chats (
    version_id uuid not null,
    artifact_id uuid not null,
    chat jsonb not null,
    constraint artifact_version_chats_pkey primary key (version_id),
    constraint artifact_version_chats_version_id_fkey foreign key (version_id, artifact_id)
        references artifact_versions (id, artifact_id) on delete cascade
);
create index artifact_version_chats_artifact_id_idx on artifact_version_chats (artifact_id);
comment on table artifact_version_chats is
    'artifact_versions.chat of storage and canonical; apart, because its readers are fewer: chat_history_public decides.';

create table artifact_media (
    artifact_id uuid not null,
    screenshot_blob_id uuid,
    thumb_blob_id uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint artifact_media_pkey primary key (artifact_id),
    constraint artifact_media_artifact_id_fkey foreign key (artifact_id) references artifacts (id) on delete cascade,
    constraint artifact_media_screenshot_blob_id_fkey foreign key (screenshot_blob_id) references blobs (id) on delete set null,
    constraint artifact_media_thumb_blob_id_fkey foreign key (thumb_blob_id) references blobs (id) on delete set null
);
create index artifact_media_screenshot_blob_id_idx on artifact_media (screenshot_blob_id);
create index artifact_media_thumb_blob_id_idx on artifact_media (thumb_blob_id);
create trigger artifact_media_touch before update on artifact_media for each row execute function touch();
comment on table artifact_media is 'artifact_media of storage and canonical.';

create table artifact_likes (
    artifact_id uuid not null,
    user_id uuid not null,
    created_at timestamptz not null default now(),
    constraint artifact_likes_pkey primary key (artifact_id, user_id),
    constraint artifact_likes_artifact_id_fkey foreign key (artifact_id) references artifacts (id) on delete cascade,
    constraint artifact_likes_user_id_fkey foreign key (user_id) references users (id) on delete cascade
);
create index artifact_likes_user_id_idx on artifact_likes (user_id, created_at desc);

create table artifact_counts (
    artifact_id uuid not null,
    slot smallint not null,
    forks integer not null default 0,
    imports integer not null default 0,
    likes integer not null default 0,
    comments integer not null default 0,
    constraint artifact_counts_pkey primary key (artifact_id, slot),
    constraint artifact_counts_artifact_id_fkey foreign key (artifact_id) references artifacts (id) on delete cascade
);
comment on table artifact_counts is
    'forks_count, imports_count, likes_count and comments_count in slots, so that no two writers wait for one row. A count is the sum of its slots, and exact.';

alter table artifacts enable row level security;
alter table artifacts force row level security;
alter table artifact_versions enable row level security;
alter table artifact_versions force row level security;
alter table artifact_files enable row level security;
alter table artifact_files force row level security;
alter table artifact_version_chats enable row level security;
alter table artifact_version_chats force row level security;
alter table artifact_media enable row level security;
alter table artifact_media force row level security;
alter table artifact_likes enable row level security;
alter table artifact_likes force row level security;
alter table artifact_counts enable row level security;
alter table artifact_counts force row level security;

grant select, insert on artifacts to atelier_api;
grant update (
    title, description, visibility, type, tool_name, metadata, chat_id, project_id, source_session_id,
    source_session_credits_estimate, current_version_id, versions_count, versioning_enabled, chat_history_public, deleted_at,
    revision
) on artifacts to atelier_api;
create policy artifacts_select on artifacts for select to atelier_api
    using (owner_user_id = (select auth.uid()) or (visibility = 'public' and deleted_at is null));
create policy artifacts_insert on artifacts for insert to atelier_api with check (owner_user_id = (select auth.uid()));
create policy artifacts_update on artifacts for update to atelier_api using (owner_user_id = (select auth.uid()));

grant select, insert on artifact_versions to atelier_api;
create policy artifact_versions_select on artifact_versions for select to atelier_api
    using (exists (
        select from artifacts
        where artifacts.id = artifact_id
          and (artifacts.owner_user_id = (select auth.uid())
               or artifacts.versioning_enabled
               or artifacts.current_version_id = artifact_versions.id)
    ));
create policy artifact_versions_insert on artifact_versions for insert to atelier_api
    with check (exists (
        select from artifacts where artifacts.id = artifact_id and artifacts.owner_user_id = (select auth.uid())
    ));

grant select, insert, update (last_index) on artifact_files to atelier_api;
create policy artifact_files_select on artifact_files for select to atelier_api
    using (exists (
        select from artifacts
        where artifacts.id = artifact_id
          and (artifacts.owner_user_id = (select auth.uid())
               or artifacts.versioning_enabled
               or last_index is null)
    ));
create policy artifact_files_insert on artifact_files for insert to atelier_api
    with check (exists (
        select from artifacts where artifacts.id = artifact_id and artifacts.owner_user_id = (select auth.uid())
    ));
create policy artifact_files_update on artifact_files for update to atelier_api
    using (exists (
        select from artifacts where artifacts.id = artifact_id and artifacts.owner_user_id = (select auth.uid())
    ));

grant select, insert on artifact_version_chats to atelier_api;
create policy artifact_version_chats_select on artifact_version_chats for select to atelier_api
    using (exists (
        select from artifacts
        where artifacts.id = artifact_id
          and (artifacts.owner_user_id = (select auth.uid())
               or (artifacts.chat_history_public
                   and (artifacts.versioning_enabled or artifacts.current_version_id = version_id)))
    ));
create policy artifact_version_chats_insert on artifact_version_chats for insert to atelier_api
    with check (exists (
        select from artifacts where artifacts.id = artifact_id and artifacts.owner_user_id = (select auth.uid())
    ));

grant select, insert, update, delete on artifact_media to atelier_api;
create policy artifact_media_select on artifact_media for select to atelier_api
    using (exists (select from artifacts where artifacts.id = artifact_id));
-- One policy a command: one for all commands would be evaluated on every read, beside the one above.
create policy artifact_media_insert on artifact_media for insert to atelier_api
    with check (exists (
        select from artifacts where artifacts.id = artifact_id and artifacts.owner_user_id = (select auth.uid())
    ));
create policy artifact_media_update on artifact_media for update to atelier_api
    using (exists (
        select from artifacts where artifacts.id = artifact_id and artifacts.owner_user_id = (select auth.uid())
    ));
create policy artifact_media_delete on artifact_media for delete to atelier_api
    using (exists (
        select from artifacts where artifacts.id = artifact_id and artifacts.owner_user_id = (select auth.uid())
    ));

grant select on artifact_likes to atelier_api;
create policy artifact_likes_select on artifact_likes for select to atelier_api
    using (exists (select from artifacts where artifacts.id = artifact_id));

grant select on artifact_counts to atelier_api;
create policy artifact_counts_select on artifact_counts for select to atelier_api
    using (exists (select from artifacts where artifacts.id = artifact_id));

-- A blob is also seen by whoever sees what it is part of.
create policy blobs_select_avatar on blobs for select to atelier_api
    using (exists (select from profiles where profiles.avatar_blob_id = blobs.id));
create policy blobs_select_file on blobs for select to atelier_api
    using (exists (select from artifact_files where artifact_files.blob_id = blobs.id));
create policy blobs_select_screenshot on blobs for select to atelier_api
    using (exists (select from artifact_media where artifact_media.screenshot_blob_id = blobs.id));
create policy blobs_select_thumb on blobs for select to atelier_api
    using (exists (select from artifact_media where artifact_media.thumb_blob_id = blobs.id));

grant select on artifacts to atelier_system;
grant select, insert, update on artifact_counts to atelier_system;
create policy artifacts_system on artifacts for select to atelier_system using (true);
create policy artifact_counts_system on artifact_counts to atelier_system using (true);

create function count_fork() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.artifact_counts (artifact_id, slot, forks)
    values (new.forked_from_id, floor(random() * 16), 1)
    on conflict (artifact_id, slot) do update set forks = artifact_counts.forks + 1;
    return null;
end;
$$;

create function artifact_ancestors(artifact_id uuid) returns table (ancestor_id uuid, depth integer)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    with recursive ancestors as (
        select artifacts.forked_from_id as ancestor_id, 1 as depth
        from public.artifacts
        where artifacts.id = artifact_ancestors.artifact_id and artifacts.forked_from_id is not null
        union all
        select artifacts.forked_from_id, ancestors.depth + 1
        from ancestors
        join public.artifacts on artifacts.id = ancestors.ancestor_id
        where artifacts.forked_from_id is not null and ancestors.depth < 1000
    )
    select ancestor_id, depth from ancestors
$$;
comment on function artifact_ancestors(uuid) is
    'The ids on the way from a fork to its origin, hidden ones included: join them to artifacts to learn what the caller may see.';

grant create on schema public to atelier_system;
alter function count_fork() owner to atelier_system;
alter function artifact_ancestors(uuid) owner to atelier_system;
revoke create on schema public from atelier_system;
revoke execute on function artifact_ancestors(uuid) from public;
grant execute on function artifact_ancestors(uuid) to atelier_api;
create trigger artifacts_count_fork after insert on artifacts
    for each row when (new.forked_from_id is not null) execute function count_fork();
