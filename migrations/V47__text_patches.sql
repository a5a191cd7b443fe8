-- Texts as patches of what their path had before: shared/src/model/texts.rs makes and reads them.
alter table blobs
    add column base_blob_id uuid constraint blobs_base_blob_id_fkey references blobs (id) on delete restrict,
    add column generation integer not null default 0;
comment on column blobs.base_blob_id is
    'The blob whose bytes the zstd frame in content was made with (zstd --patch-from), which are needed to read it, and which may be another user''s where a fork went on; null where content is read by itself. No longer of use once encoding is identity. No blob builds upon a later one.';
comment on column blobs.generation is
    'Of a text that is a patch: how many texts its path had since one was kept whole. Says what the next one builds upon, so that reading takes few steps.';

create function text_bases(base_blob_ids uuid[])
returns table (base_blob_id uuid, ids uuid[], generations integer[], encodings text[], contents bytea[])
language sql stable strict security definer
set search_path = pg_catalog, pg_temp
as $$
    with recursive bases as (
        select blobs.id as last_id, blobs.id, blobs.base_blob_id, blobs.generation, blobs.encoding, blobs.content, 1 as step
        from public.blobs
        where blobs.id = any (base_blob_ids)
        union all
        select
            bases.last_id, blobs.id, blobs.base_blob_id, blobs.generation, blobs.encoding, blobs.content, bases.step + 1
        from bases
        join public.blobs on blobs.id = bases.base_blob_id
        where bases.encoding = 'zstd'
    )
    select
        bases.last_id,
        array_agg(bases.id order by bases.step desc),
        array_agg(bases.generation order by bases.step desc),
        array_agg(bases.encoding order by bases.step desc),
        array_agg(bases.content order by bases.step desc)
    from bases
    group by bases.last_id
$$;
comment on function text_bases(uuid[]) is
    'What texts are read with whose base_blob_id is among these: from a whole one to that base. Whoever sees a blob may read it with its base, and with the base''s own, even where they do not see the artifacts of these. Only the row of such a blob tells the base''s id: it is random, and never leaves the database.';

grant create on schema public to atelier_system;
alter function text_bases(uuid[]) owner to atelier_system;
revoke create on schema public from atelier_system;
revoke execute on function text_bases(uuid[]) from public;
grant execute on function text_bases(uuid[]) to atelier_api;
