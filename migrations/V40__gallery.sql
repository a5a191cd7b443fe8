-- What the gallery is sorted and filtered by, what search looks through, and who had which handle.

create table artifact_listings (
    artifact_id uuid not null,
    owner_user_id uuid not null,
    visibility text not null,
    type text not null,
    tool_name text,
    code_language text,
    created_at timestamptz not null,
    likes bigint not null,
    forks bigint not null,
    trending bigint not null,
    constraint artifact_listings_pkey primary key (artifact_id),
    constraint artifact_listings_artifact_id_fkey foreign key (artifact_id) references artifacts (id)
        on update cascade on delete cascade
);
comment on table artifact_listings is
    'What lists of artifacts are filtered and sorted by, apart from artifacts, so that a like is no change of the artifact. A row for each one that is not in the trash, written at the end of each transaction that changes something of it: list_artifact().';
comment on column artifact_listings.artifact_id is 'No row: it is in the trash.';
comment on column artifact_listings.owner_user_id is 'Whose it is, as in artifacts; likewise visibility, type and created_at.';
comment on column artifact_listings.visibility is 'public or private.';
comment on column artifact_listings.type is 'What it is; free text.';
comment on column artifact_listings.tool_name is 'As that of the artifact; null where it has none.';
comment on column artifact_listings.code_language is 'Of the newest version; null where that says none, or there is no version.';
comment on column artifact_listings.likes is 'Likes by sortable_count(): the order of most_liked. The exact number is the sum of artifact_counts.';
comment on column artifact_listings.forks is 'Forks by sortable_count(): the order of most_forked.';
comment on column artifact_listings.trending is
    'Seconds since 1970 of its creation, and a day for each power of ten in 1 + likes + 3 forks: the order of trending. It changes with the counts and not with time, so that pages stay in their order.';

do $$
declare
    sort_key text;
    facet text;
begin
    foreach sort_key in array array['created_at', 'likes', 'forks', 'trending'] loop
        execute format(
            'create index artifact_listings_owner_%1$s_idx on artifact_listings (owner_user_id, %1$s desc, artifact_id desc)', sort_key
        );
        execute format(
            'create index artifact_listings_%1$s_idx on artifact_listings (%1$s desc, artifact_id desc)
             where visibility = ''public''',
            sort_key
        );
        foreach facet in array array['type', 'tool_name', 'code_language'] loop
            execute format(
                'create index artifact_listings_%1$s_%2$s_idx on artifact_listings (%1$s, %2$s desc, artifact_id desc)
                 where visibility = ''public''',
                facet, sort_key
            );
        end loop;
    end loop;
end;
$$;

-- Matches are found and cut to the newest by the row alone, so it must be small: the words are stored apart.
create table artifact_texts (
    artifact_id uuid not null,
    owner_user_id uuid not null,
    visibility text not null,
    type text not null,
    tool_name text,
    code_language text,
    created_at timestamptz not null,
    title text not null,
    title_words tsvector not null,
    words tsvector not null,
    constraint artifact_texts_pkey primary key (artifact_id),
    constraint artifact_texts_artifact_id_fkey foreign key (artifact_id) references artifacts (id)
        on update cascade on delete cascade
) with (toast_tuple_target = 128);
create index artifact_texts_title_words_idx on artifact_texts using gin (title_words);
create index artifact_texts_words_idx on artifact_texts using gin (words);
create index artifact_texts_title_idx on artifact_texts using gin (title gin_trgm_ops);
comment on table artifact_texts is
    'What search looks through: the words of each artifact that is not in the trash, and what search filters by. Only search_artifacts() reads it.';
comment on column artifact_texts.artifact_id is 'No row: it is in the trash.';
comment on column artifact_texts.owner_user_id is 'Whose it is, as in artifacts; likewise visibility, type and created_at.';
comment on column artifact_texts.visibility is 'public or private.';
comment on column artifact_texts.type is 'What it is; free text.';
comment on column artifact_texts.title is 'As that of the artifact, for what is written like it.';
comment on column artifact_texts.tool_name is 'As that of the artifact; null where it has none.';
comment on column artifact_texts.code_language is 'Of the newest version; null where that says none, or there is no version.';
comment on column artifact_texts.title_words is 'Words of the title alone: those who have many are not crowded out by those who have them in code.';
comment on column artifact_texts.words is
    'Words of the title (weight A), the description (B), and the newest version''s files of text by path (D), as far as they fit into 64 KiB.';

create table blob_words (
    blob_id uuid not null,
    words tsvector not null,
    constraint blob_words_pkey primary key (blob_id),
    constraint blob_words_blob_id_fkey foreign key (blob_id) references blobs (id) on delete cascade
);
comment on table blob_words is
    'The words of texts that a newest version has, which artifact_texts is made of. They weigh more than a patch of the text: forget_words() removes those of texts that only earlier versions have.';
comment on column blob_words.blob_id is 'No row: it is no text, lies in the bucket, or was stored before there was search.';
comment on column blob_words.words is 'code_words() of the text.';

create function sortable_count(count bigint) returns bigint
language sql immutable parallel safe
as $$ select count - count % (1::bigint << greatest(0, length(ltrim(count::bit(64)::text, '0')) - 7)) $$;
comment on function sortable_count(bigint) is
    'A count as lists are sorted by it: exact below 128, else rounded down to its first seven binary digits, at most 1.6 % less. So a row that is liked by thousands is not written at each like.';

create function plain_words(content text) returns text
language sql immutable parallel safe strict
as $$ select translate(content, '<>&./\:@_-#$%+=*~^|`', repeat(' ', 20)) $$;
comment on function plain_words(text) is
    'Text without the signs by which the parser would take words for tags, addresses or paths: clock.js and <canvas> are found by their words.';

create function code_words(content text) returns tsvector
language plpgsql immutable parallel restricted
as $$
begin
    return public.search_vector(public.plain_words(left(content, 32768)));
exception when program_limit_exceeded then
    return '';
end;
$$;
comment on function code_words(text) is
    'The words of the first 32,768 characters of a file; none where it has more than a tsvector holds, as only text made for that can.';

create function text_words(content bytea) returns tsvector
language plpgsql immutable parallel restricted
as $$
begin
    return public.code_words(convert_from(content, 'UTF8'));
exception when character_not_in_repertoire then
    return '';
end;
$$;
comment on function text_words(bytea) is 'code_words() of a text that is stored as it is; none where PostgreSQL takes it for no text, as with NUL in it.';

create function artifact_words(artifact_id uuid) returns tsvector
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    described tsvector;
    code tsvector := '';
    file record;
begin
    select
        setweight(public.search_vector(public.plain_words(artifacts.title)), 'A')
        || setweight(public.search_vector(public.plain_words(coalesce(artifacts.description, ''))), 'B')
    into described
    from public.artifacts
    where artifacts.id = artifact_words.artifact_id;
    for file in
        select blob_words.words, sum(least(blobs.size, 32768)) over (order by artifact_files.path) as size
        from public.artifact_files
        join public.blobs on blobs.id = artifact_files.blob_id
        join public.blob_words on blob_words.blob_id = blobs.id
        where artifact_files.artifact_id = artifact_words.artifact_id
          and artifact_files.last_index is null
        order by artifact_files.path
    loop
        exit when file.size > 65536;
        code := code || file.words;
    end loop;
    return described || setweight(code, 'D');
exception when program_limit_exceeded then
    return described;
end;
$$;
comment on function artifact_words(uuid) is 'artifact_texts.words, made anew.';

create function list_artifact(artifact_id uuid, with_words boolean) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    listing public.artifact_listings;
begin
    -- Writers of this row come one after the other, so that the last one sees what those before it counted.
    perform from public.artifact_listings where artifact_listings.artifact_id = list_artifact.artifact_id for no key update;
    select
        artifacts.id, artifacts.owner_user_id, artifacts.visibility, artifacts.type, artifacts.tool_name,
        versions.code_language, artifacts.created_at, counts.likes, counts.forks,
        extract(epoch from artifacts.created_at)::bigint
            + (86400 * log((1 + counts.likes + 3 * counts.forks)::double precision))::bigint
    into listing
    from public.artifacts
    left join public.artifact_versions versions on versions.id = artifacts.current_version_id
    cross join lateral (
        select
            public.sortable_count(greatest(coalesce(sum(artifact_counts.likes), 0), 0)) as likes,
            public.sortable_count(greatest(coalesce(sum(artifact_counts.forks), 0), 0)) as forks
        from public.artifact_counts
        where artifact_counts.artifact_id = artifacts.id
    ) counts
    where artifacts.id = list_artifact.artifact_id and artifacts.deleted_at is null;
    if not found then
        delete from public.artifact_listings where artifact_listings.artifact_id = list_artifact.artifact_id;
        delete from public.artifact_texts where artifact_texts.artifact_id = list_artifact.artifact_id;
        return;
    end if;
    insert into public.artifact_listings select listing.*
    on conflict on constraint artifact_listings_pkey do update set
        owner_user_id = excluded.owner_user_id,
        visibility = excluded.visibility,
        type = excluded.type,
        tool_name = excluded.tool_name,
        code_language = excluded.code_language,
        created_at = excluded.created_at,
        likes = excluded.likes,
        forks = excluded.forks,
        trending = excluded.trending
    where artifact_listings is distinct from excluded;
    if with_words then
        -- What is written by the names of an older system, or imported, comes without words, and is not compressed.
        insert into public.blob_words (blob_id, words)
        select files.blob_id, public.text_words(files.content)
        from (
            select
                blobs.id as blob_id, blobs.encoding, blobs.content,
                sum(least(blobs.size, 32768)) over (order by artifact_files.path) as size
            from public.artifact_files
            join public.blobs on blobs.id = artifact_files.blob_id
            where artifact_files.artifact_id = listing.artifact_id
              and artifact_files.last_index is null
              and blobs.content is not null
        ) files
        where files.size <= 65536
          and files.encoding = 'identity'
          and not exists (select from public.blob_words where blob_words.blob_id = files.blob_id)
        on conflict do nothing;
        insert into public.artifact_texts (
            artifact_id, owner_user_id, visibility, type, tool_name, code_language, created_at, title, title_words, words
        )
        select
            listing.artifact_id, listing.owner_user_id, listing.visibility, listing.type, listing.tool_name,
            listing.code_language, listing.created_at, artifacts.title,
            public.search_vector(public.plain_words(artifacts.title)), public.artifact_words(artifacts.id)
        from public.artifacts
        where artifacts.id = listing.artifact_id
        on conflict on constraint artifact_texts_pkey do update set
            owner_user_id = excluded.owner_user_id,
            visibility = excluded.visibility,
            type = excluded.type,
            tool_name = excluded.tool_name,
            code_language = excluded.code_language,
            created_at = excluded.created_at,
            title = excluded.title,
            title_words = excluded.title_words,
            words = excluded.words;
    else
        update public.artifact_texts set
            owner_user_id = listing.owner_user_id,
            visibility = listing.visibility,
            type = listing.type,
            tool_name = listing.tool_name,
            code_language = listing.code_language,
            created_at = listing.created_at
        where artifact_texts.artifact_id = listing.artifact_id
          and (artifact_texts.owner_user_id, artifact_texts.visibility, artifact_texts.type, artifact_texts.tool_name,
               artifact_texts.code_language, artifact_texts.created_at)
              is distinct from
              (listing.owner_user_id, listing.visibility, listing.type, listing.tool_name, listing.code_language,
               listing.created_at);
    end if;
end;
$$;
comment on function list_artifact(uuid, boolean) is
    'Brings the rows of an artifact in artifact_listings and artifact_texts up to date; its words only where they may have changed.';

create function relist_artifact() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_table_name = 'artifacts' then
        perform public.list_artifact(
            new.id,
            tg_op = 'INSERT'
            or (old.title, old.description, old.current_version_id, old.deleted_at)
                is distinct from (new.title, new.description, new.current_version_id, new.deleted_at)
        );
    elsif exists (
        select from public.artifact_listings listings
        cross join lateral (
            select
                public.sortable_count(greatest(sum(artifact_counts.likes), 0)) as likes,
                public.sortable_count(greatest(sum(artifact_counts.forks), 0)) as forks
            from public.artifact_counts
            where artifact_counts.artifact_id = listings.artifact_id
        ) counts
        where listings.artifact_id = new.artifact_id
          and (listings.likes, listings.forks) is distinct from (counts.likes, counts.forks)
    ) then
        perform public.list_artifact(new.artifact_id, false);
    end if;
    return null;
end;
$$;
comment on function relist_artifact() is
    'Keeps artifact_listings and artifact_texts. It runs at the end of a transaction, when a new version has all its files, and when a row that many write is held for the shortest time.';

create function forget_words() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from public.blob_words
    where blob_words.blob_id = new.blob_id
      and not exists (
          select from public.artifact_files newest where newest.blob_id = new.blob_id and newest.last_index is null
      );
    return null;
end;
$$;
comment on function forget_words() is
    'Removes the words of a file that a newest version has no longer, unless some newest version has its text. It runs at the end of a transaction, when the file may be there again at another path.';

create function search_artifacts(
    query text, owner_user_id uuid, visibility text, type text, tool_name text, code_language text,
    after_rank bigint, after_id uuid
) returns table (artifact_id uuid, rank bigint)
language plpgsql stable security definer rows 101
set search_path = pg_catalog, pg_temp
-- For the first 500 of what is expected to be a hundredth of all rows the planner would read the rows one after the other.
set enable_seqscan = off
as $$
declare
    caller uuid := auth.uid();
    plain text := public.search_text(public.plain_words(regexp_replace(query, '(^|\s)-', '\1' || chr(1), 'g')));
    wanted tsquery;
begin
    plain := translate(plain, chr(1), '-');
    wanted := websearch_to_tsquery('simple', plain)
        || websearch_to_tsquery('simple', regexp_replace(normalize(plain, NFKD), '[\u0300-\u036f]', '', 'g'));
    -- What only says what not to find would be looked for in every row.
    if querytree(wanted) in ('', 'T') then
        return;
    end if;
    perform set_config('pg_trgm.word_similarity_threshold', '0.33', true);
    return query
    with visible as not materialized (
        select texts.*
        from public.artifact_texts texts
        where (texts.visibility = 'public' or texts.owner_user_id = caller)
          and (search_artifacts.owner_user_id is null or texts.owner_user_id = search_artifacts.owner_user_id)
          and (search_artifacts.visibility is null or texts.visibility = search_artifacts.visibility)
          and (search_artifacts.type is null or texts.type = search_artifacts.type)
          and (search_artifacts.tool_name is null or texts.tool_name = search_artifacts.tool_name)
          and (search_artifacts.code_language is null or texts.code_language = search_artifacts.code_language)
    ),
    titled as materialized (
        select visible.artifact_id, visible.title, visible.title_words, visible.words
        from visible
        where visible.title_words @@ wanted
        order by visible.created_at desc, visible.artifact_id desc
        limit 1000
    ),
    worded as materialized (
        select visible.artifact_id, visible.title, visible.title_words, visible.words
        from visible
        where visible.words @@ wanted
        order by visible.created_at desc, visible.artifact_id desc
        limit 1000
    ),
    matching as materialized (
        select worded.* from worded
        union all
        -- What may not be in it must not be in the description or the code either.
        select titled.*
        from titled
        where titled.words @@ wanted and titled.artifact_id not in (select worded.artifact_id from worded)
    ),
    similar_titles as (
        select visible.artifact_id, visible.title
        from visible
        where (select count(*) from matching) < 20
          and length(search_artifacts.query) >= 4
          and plain !~ '"|(^|\s)-'
          and search_artifacts.query operator(public.<%) visible.title
          and visible.artifact_id not in (select matching.artifact_id from matching)
        limit 500
    ),
    ranked as (
        select
            matching.artifact_id,
            case
                when matching.title_words @@ wanted
                    then 3000000 + (999999 * public.similarity(matching.title, search_artifacts.query))::bigint
                when ts_filter(matching.words, '{a,b}') @@ wanted
                    then 2000000 + (999999 * least(ts_rank('{0.1, 0.1, 0.4, 1}', matching.words, wanted), 1))::bigint
                else 1000000 + (999999 * least(ts_rank('{0.1, 0.1, 0.4, 1}', matching.words, wanted), 1))::bigint
            end as rank
        from matching
        union all
        select
            similar_titles.artifact_id,
            (999999 * public.word_similarity(search_artifacts.query, similar_titles.title))::bigint
        from similar_titles
    )
    select ranked.artifact_id, ranked.rank
    from ranked
    where after_rank is null or (ranked.rank, ranked.artifact_id) < (after_rank, after_id)
    order by ranked.rank desc, ranked.artifact_id desc
    limit 101;
end;
$$;
comment on function search_artifacts(text, uuid, text, text, text, text, bigint, uuid) is
    'The best 101 artifacts that the caller may see and that have these words, after the given place, with their rank: the words in the title, then in title and description, then anywhere; ranked are the newest 1,000 of each. Where fewer than 20 have them, up to 500 titles that are written like them follow, unless the query has quotes or minus signs. A filter that is null takes all.';

-- Profiles.

alter table profiles
    add column visible_fields text[] not null default '{}',
    add constraint profiles_visible_fields_check
        check (visible_fields <@ array['age', 'gender', 'city', 'country'] and array_position(visible_fields, null) is null)
        not valid;
comment on column profiles.visible_fields is 'Which of age, gender, city and country the user shows to everyone; none at first.';
comment on column profiles.age is 'Years; the owner''s alone unless visible_fields has it, like gender, city and country: profile_details().';

-- Not even by a mistake in a function's SQL: the columns of those four are out of its reach.
revoke select on profiles from atelier_api;
grant select (user_id, handle, display_name, bio, avatar_blob_id, visible_fields, revision, created_at, updated_at)
    on profiles to atelier_api;
grant update (visible_fields) on profiles to atelier_api;

create function profile_details(user_id uuid) returns table (age integer, gender text, city text, country text)
language sql stable security definer rows 1
set search_path = pg_catalog, pg_temp
as $$
    select
        case when profiles.user_id = auth.uid() or 'age' = any (profiles.visible_fields) then profiles.age end,
        case when profiles.user_id = auth.uid() or 'gender' = any (profiles.visible_fields) then profiles.gender end,
        case when profiles.user_id = auth.uid() or 'city' = any (profiles.visible_fields) then profiles.city end,
        case when profiles.user_id = auth.uid() or 'country' = any (profiles.visible_fields) then profiles.country end
    from public.profiles
    where profiles.user_id = profile_details.user_id
$$;
comment on function profile_details(uuid) is 'What a profile says about the person, as far as the caller may know it: null otherwise.';

create table former_handles (
    handle text not null,
    user_id uuid not null,
    released_at timestamptz not null default now(),
    constraint former_handles_pkey primary key (handle),
    constraint former_handles_user_id_fkey foreign key (user_id) references users (id) on delete cascade
);
create index former_handles_user_id_idx on former_handles (user_id);
comment on table former_handles is
    'Handles that were given up by renaming. For 90 days nobody but their former owner may take them: claim_handle().';

comment on column former_handles.handle is 'Lower case, as profiles.handle was. It may be whose it was again: then there is no row.';
comment on column former_handles.released_at is 'When it was given up; 90 days later the row means nothing, and goes when the handle is taken.';

create function claim_handle() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    -- After the row has gone into the unique index: whoever is giving up this very handle has committed by now, or not done it.
    if exists (
        select from public.former_handles
        where former_handles.handle = new.handle
          and former_handles.user_id <> new.user_id
          and former_handles.released_at > now() - interval '90 days'
    ) then
        perform public.refuse('handle_taken', '/handle');
    end if;
    delete from public.former_handles where former_handles.handle = new.handle;
    if tg_op = 'UPDATE' then
        insert into public.former_handles (handle, user_id) values (old.handle, old.user_id)
        on conflict (handle) do update set user_id = excluded.user_id, released_at = excluded.released_at;
    end if;
    return null;
end;
$$;
comment on function claim_handle() is 'Keeps former_handles, and refuses a handle that is still held for its former owner.';
create trigger profiles_claim_handle_insert after insert on profiles for each row execute function claim_handle();
create trigger profiles_claim_handle_update after update of handle on profiles
    for each row when (old.handle <> new.handle) execute function claim_handle();

create function search_profiles(query text, after_rank bigint, after_id uuid) returns table (user_id uuid, rank bigint)
language plpgsql stable rows 101
set enable_seqscan = off
as $$
begin
    perform set_config('pg_trgm.word_similarity_threshold', '0.33', true);
    return query
    with by_handle as (
        select profiles.user_id, 2000000 + 1000000 / length(profiles.handle) as rank
        from profiles
        where profiles.handle ~>=~ lower(query) and profiles.handle ~<~ (lower(query) || chr(1114111))
        order by profiles.handle using ~<~
        limit 200
    ),
    by_name as (
        select profiles.user_id, 1000000 + 1000000 / (1 + length(profiles.display_name)) as rank
        from profiles
        where lower(profiles.display_name) ~>=~ lower(query)
          and lower(profiles.display_name) ~<~ (lower(query) || chr(1114111))
        order by lower(profiles.display_name) using ~<~
        limit 200
    ),
    alike as (
        select profiles.user_id, profiles.handle || ' ' || coalesce(profiles.display_name, '') as name
        from profiles
        where (select count(*) from by_handle) + (select count(*) from by_name) < 20
          and length(query) >= 3
          and query <% (profiles.handle || ' ' || coalesce(profiles.display_name, ''))
        limit 500
    ),
    ranked as (
        select found.user_id, max(found.rank) as rank
        from (
            select by_handle.user_id, by_handle.rank::bigint from by_handle
            union all
            select by_name.user_id, by_name.rank::bigint from by_name
            union all
            select alike.user_id, (999999 * word_similarity(query, alike.name))::bigint from alike
        ) as found (user_id, rank)
        group by found.user_id
    )
    select ranked.user_id, ranked.rank
    from ranked
    where after_rank is null or (ranked.rank, ranked.user_id) < (after_rank, after_id)
    order by ranked.rank desc, ranked.user_id desc
    limit 101;
end;
$$;
comment on function search_profiles(text, bigint, uuid) is
    'The best 101 profiles after the given place, with their rank: those whose handle begins like this, the shortest first, then those whose name does. Where that is fewer than 20, up to 500 that are written like it follow.';

do $$
declare
    new_table text;
begin
    foreach new_table in array array['artifact_listings', 'artifact_texts', 'blob_words', 'former_handles'] loop
        execute format('alter table %I enable row level security', new_table);
        execute format('alter table %I force row level security', new_table);
        execute format('grant select on %I to atelier_jobs, atelier_backup', new_table);
        execute format('grant select, insert, update, delete on %I to atelier_system', new_table);
        execute format('create policy %I on %I to atelier_system using (true)', new_table || '_system', new_table);
        execute format('create policy %I on %I to atelier_jobs using (true)', new_table || '_jobs', new_table);
        execute format('create policy %I on %I for select to atelier_backup using (true)', new_table || '_backup', new_table);
    end loop;
end;
$$;
grant select on artifact_listings to atelier_api;
create policy artifact_listings_select on artifact_listings for select to atelier_api
    using (owner_user_id = (select auth.uid()) or visibility = 'public');

grant select (blob_id) on blob_words to atelier_api;
grant insert on blob_words to atelier_api;
create policy blob_words_select on blob_words for select to atelier_api using (sees_blob(blob_id));
create policy blob_words_insert on blob_words for insert to atelier_api with check (sees_blob(blob_id));

grant select on artifact_files, blobs, profiles to atelier_system;
create policy artifact_files_system on artifact_files for select to atelier_system using (true);
create policy blobs_system on blobs for select to atelier_system using (true);

grant create on schema public to atelier_system;
alter function artifact_words(uuid) owner to atelier_system;
alter function list_artifact(uuid, boolean) owner to atelier_system;
alter function relist_artifact() owner to atelier_system;
alter function forget_words() owner to atelier_system;
alter function search_artifacts(text, uuid, text, text, text, text, bigint, uuid) owner to atelier_system;
alter function profile_details(uuid) owner to atelier_system;
alter function claim_handle() owner to atelier_system;
revoke create on schema public from atelier_system;
revoke execute on function
    artifact_words(uuid), list_artifact(uuid, boolean), search_artifacts(text, uuid, text, text, text, text, bigint, uuid),
    profile_details(uuid)
    from public;
grant execute on function search_artifacts(text, uuid, text, text, text, text, bigint, uuid), profile_details(uuid) to atelier_api;

create constraint trigger artifacts_list
    after insert or update of id, owner_user_id, title, description, visibility, type, tool_name, current_version_id, deleted_at, created_at
    on artifacts deferrable initially deferred
    for each row execute function relist_artifact();
create constraint trigger artifact_files_forget_words after update of last_index on artifact_files
    deferrable initially deferred
    for each row when (new.last_index is not null) execute function forget_words();
create constraint trigger artifact_counts_list after insert or update of likes, forks on artifact_counts
    deferrable initially deferred
    for each row execute function relist_artifact();
