create table blobs (
    id uuid not null default uuid_v7(),
    user_id uuid,
    sha256 bytea not null,
    size bigint not null,
    content_type text not null,
    content bytea,
    storage_key text,
    encoding text not null default 'identity',
    created_at timestamptz not null default now(),
    constraint blobs_pkey primary key (id),
    constraint blobs_user_id_sha256_key unique (user_id, sha256),
    constraint blobs_id_user_id_key unique (id, user_id),
    constraint blobs_sha256_check check (length(sha256) = 32),
    constraint blobs_size_check check (size >= 0),
    constraint blobs_encoding_check check (encoding in ('identity', 'zstd')),
    constraint blobs_place_check check (num_nonnulls(content, storage_key) > 0),
    constraint blobs_user_id_fkey foreign key (user_id) references users (id) on delete set null
);
alter table blobs alter column content set storage external;
comment on table blobs is 'Bytes, named by their SHA-256 and owned per user. No row says a URL: those are made on read.';
comment on column blobs.size is 'Bytes, before any encoding.';
comment on column blobs.user_id is 'Null once the account is gone: forks by others may still need the bytes.';
comment on column blobs.content is 'The bytes of small text, encoded as encoding says.';
comment on column blobs.storage_key is 'Where the bytes lie in the bucket: blobs/<user_id>/<sha256 in hex>. Text that was also uploaded is in both places.';

create table uploads (
    id uuid not null default uuid_v7(),
    user_id uuid not null,
    purpose text not null,
    filename text not null,
    content_type text not null,
    size bigint not null,
    sha256 bytea not null,
    state text not null default 'pending',
    multipart_id text,
    part_size bigint,
    blob_id uuid,
    thumb_blob_id uuid,
    expires_at timestamptz not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint uploads_pkey primary key (id),
    constraint uploads_purpose_check check (purpose in ('avatar', 'screenshot', 'artifact_file', 'attachment', 'document', 'file')),
    constraint uploads_state_check check (state in ('pending', 'ready') and (state = 'ready') = (blob_id is not null)),
    constraint uploads_size_check check (size >= 0),
    constraint uploads_sha256_check check (length(sha256) = 32),
    constraint uploads_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
    constraint uploads_blob_id_fkey foreign key (blob_id, user_id) references blobs (id, user_id) on delete cascade,
    constraint uploads_thumb_blob_id_fkey foreign key (thumb_blob_id, user_id) references blobs (id, user_id)
        on delete set null (thumb_blob_id)
);
create index uploads_user_id_idx on uploads (user_id, created_at desc, id desc);
create index uploads_expires_at_idx on uploads (expires_at);
create index uploads_blob_id_idx on uploads (blob_id);
create index uploads_thumb_blob_id_idx on uploads (thumb_blob_id);
create trigger uploads_touch before update on uploads for each row execute function touch();
comment on table uploads is 'Declared, then sent to the bucket by the client, then verified: only then is there a blob.';
comment on column uploads.part_size is 'Bytes of every part but the last; null where one PUT carries the whole.';
comment on column uploads.expires_at is 'Seven days after the declaration: until then the upload can be resumed.';

alter table profiles add constraint profiles_avatar_blob_id_fkey
    foreign key (avatar_blob_id, user_id) references blobs (id, user_id) on delete set null (avatar_blob_id);
create index profiles_avatar_blob_id_idx on profiles (avatar_blob_id);

alter table blobs enable row level security;
alter table blobs force row level security;
alter table uploads enable row level security;
alter table uploads force row level security;

grant select, insert, update (storage_key) on blobs to atelier_api;
create policy blobs_select on blobs for select to atelier_api using (user_id = (select auth.uid()));
create policy blobs_insert on blobs for insert to atelier_api with check (user_id = (select auth.uid()));
create policy blobs_update on blobs for update to atelier_api using (user_id = (select auth.uid()));

grant select, insert, delete on uploads to atelier_api;
grant update (state, multipart_id, part_size, blob_id, thumb_blob_id) on uploads to atelier_api;
create policy uploads_select on uploads for select to atelier_api using (user_id = (select auth.uid()));
create policy uploads_insert on uploads for insert to atelier_api with check (user_id = (select auth.uid()));
create policy uploads_update on uploads for update to atelier_api using (user_id = (select auth.uid()));
create policy uploads_delete on uploads for delete to atelier_api using (user_id = (select auth.uid()));

create function blob_json(blob blobs) returns json
language sql immutable
as $$
    select case when blob.id is not null then json_build_object(
        'sha256', encode(blob.sha256, 'hex'),
        'size', blob.size,
        'content_type', blob.content_type,
        'storage_key', blob.storage_key
    ) end
$$;
comment on function blob_json(blobs) is 'A blob inside another resource; the API makes its URL of the storage key.';
