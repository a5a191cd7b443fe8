-- What is shown of a picture is made by us. A picture's two thumbnails go wherever it goes: they are found by its blob.

create table pictures (
    blob_id uuid not null,
    user_id uuid,
    thumb_blob_id uuid not null,
    small_blob_id uuid not null,
    width integer not null,
    height integer not null,
    source_sha256 bytea not null,
    source_size bigint not null,
    source_content_type text not null,
    created_at timestamptz not null default now(),
    constraint pictures_pkey primary key (blob_id),
    constraint pictures_width_check check (width > 0),
    constraint pictures_height_check check (height > 0),
    constraint pictures_source_sha256_check check (length(source_sha256) = 32),
    constraint pictures_source_size_check check (source_size > 0),
    constraint pictures_blob_id_fkey foreign key (blob_id) references blobs (id) on delete cascade,
    constraint pictures_user_id_fkey foreign key (user_id) references users (id) on delete set null,
    constraint pictures_thumb_blob_id_fkey foreign key (thumb_blob_id) references blobs (id),
    constraint pictures_small_blob_id_fkey foreign key (small_blob_id) references blobs (id)
);
create index pictures_user_id_source_sha256_idx on pictures (user_id, source_sha256);
create index pictures_thumb_blob_id_idx on pictures (thumb_blob_id);
create index pictures_small_blob_id_idx on pictures (small_blob_id);
comment on table pictures is
    'Pictures that were decoded, and encoded by us: avatars and screenshots. Those of before this table have no row, and no small thumbnail.';
comment on column pictures.blob_id is 'The picture as it is shown.';
comment on column pictures.user_id is 'Whose it is; null once the account is gone, as in blobs.';
comment on column pictures.thumb_blob_id is 'A JPEG of at most 480 pixels on each side.';
comment on column pictures.small_blob_id is 'A JPEG of at most 160 pixels on each side.';
comment on column pictures.width is 'Pixels.';
comment on column pictures.height is 'Pixels.';
comment on column pictures.source_sha256 is
    'SHA-256 of the file it was made of, which is not kept: declared again, it costs no upload. Of several such files the first.';
comment on column pictures.source_size is 'Bytes of that file.';
comment on column pictures.source_content_type is 'The media type that file was declared as, and is of.';

alter table pictures enable row level security;
alter table pictures force row level security;

create function owns_blob(blob_id uuid) returns boolean
language plpgsql stable
as $$
begin
    return exists (select from blobs where blobs.id = owns_blob.blob_id and blobs.user_id = (select auth.uid()));
end;
$$;
comment on function owns_blob(uuid) is 'Whether the blob is the caller''s own.';

grant select, insert on pictures to atelier_api;
create policy pictures_select on pictures for select to atelier_api using (user_id = (select auth.uid()));
create policy pictures_select_avatar on pictures for select to atelier_api
    using (exists (select from profiles where profiles.avatar_blob_id = pictures.blob_id));
create policy pictures_select_screenshot on pictures for select to atelier_api
    using (exists (select from artifact_media where artifact_media.screenshot_blob_id = pictures.blob_id));
create policy pictures_insert on pictures for insert to atelier_api with check (
    user_id = (select auth.uid()) and owns_blob(blob_id) and owns_blob(thumb_blob_id) and owns_blob(small_blob_id)
);
create policy blobs_select_picture on blobs for select to atelier_api using (
    exists (select from pictures where pictures.thumb_blob_id = blobs.id)
    or exists (select from pictures where pictures.small_blob_id = blobs.id)
);
grant select on pictures to atelier_jobs, atelier_backup;
create policy pictures_jobs on pictures to atelier_jobs using (true);
create policy pictures_backup on pictures for select to atelier_backup using (true);
grant select, insert on pictures to atelier_lenses;
create policy pictures_lenses on pictures to atelier_lenses using (true);

create function lens.add_picture(
    blob_id uuid, thumb_blob_id uuid, small_blob_id uuid, width integer, height integer,
    source_sha256 bytea, source_size bigint, source_content_type text
) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
    insert into public.pictures (
        blob_id, user_id, thumb_blob_id, small_blob_id, width, height, source_sha256, source_size, source_content_type
    )
    select
        blobs.id, blobs.user_id, add_picture.thumb_blob_id, add_picture.small_blob_id, add_picture.width, add_picture.height,
        add_picture.source_sha256, add_picture.source_size, add_picture.source_content_type
    from public.blobs
    where blobs.id = add_picture.blob_id
    on conflict (blob_id) do nothing
$$;
comment on function lens.add_picture(uuid, uuid, uuid, integer, integer, bytea, bigint, text) is
    'Notes that a blob is a picture we encoded, and which blobs are its thumbnails.';
grant create on schema lens to atelier_lenses;
alter function lens.add_picture(uuid, uuid, uuid, integer, integer, bytea, bigint, text) owner to atelier_lenses;
revoke create on schema lens from atelier_lenses;
revoke execute on function lens.add_picture(uuid, uuid, uuid, integer, integer, bytea, bigint, text) from public;
grant execute on function lens.add_picture(uuid, uuid, uuid, integer, integer, bytea, bigint, text) to atelier_importer;

-- A row of pictures tells about its blob and goes with it: it does not keep it.
create or replace function unreferenced_blobs() returns text
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
    where pg_constraint.contype = 'f'
      and pg_constraint.confrelid = 'blobs'::regclass
      and not (
          pg_constraint.confdeltype = 'c'
          and exists (
              select from pg_constraint keys
              where keys.conrelid = pg_constraint.conrelid and keys.contype = 'p' and keys.conkey = pg_constraint.conkey
          )
      );
    return condition;
end;
$$;
comment on function unreferenced_blobs() is
    'The condition that nothing refers to a row of blobs, made of all foreign keys to it, so that none can be forgotten, but for those of rows that go with the blob because they are about it; an error where the caller could not see all rows behind one.';

create or replace function orphaned_objects(storage_keys text[]) returns setof text
language sql stable
as $$
    select stored.storage_key
    from unnest(storage_keys) as stored (storage_key)
    cross join lateral regexp_match(
        stored.storage_key,
        '^(blobs|images|sources)/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/([0-9a-f]{64})$'
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
comment on column blobs.storage_key is
    'Where the bytes lie in the bucket: blobs/<user_id>/<sha256 in hex>, or images/… where we made them to be shown. Text that was also uploaded is in both places. What a picture was made of lies in sources/… until it is swept.';
