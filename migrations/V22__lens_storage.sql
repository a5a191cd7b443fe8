create schema storage;
comment on schema storage is
    'The lens of storage and canonical: views with the columns of both documents, functions and triggers over the model.';

create function storage.credits(given numeric) returns numeric
language sql immutable
as $$ select case when given >= 0 and given < 1e12 then given end $$;
comment on function storage.credits(numeric) is 'An amount of credits where the API knows such amounts, else null.';

create function storage.session_name(given text) returns text
language sql immutable
as $$
    select case
        when length(given) <= 200
            and given ~ '[^\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]'
            then given
    end
$$;
comment on function storage.session_name(text) is
    'A source session''s id where the API knows such ids, else null: up to 200 characters, not all of them blank.';

create function storage.source_session(id text, credits_estimate numeric) returns jsonb
language sql immutable
as $$ select nullif(jsonb_strip_nulls(jsonb_build_object('id', id, 'credits_estimate', credits_estimate)), '{}') $$;
comment on function storage.source_session(text, numeric) is 'source_session of canonical, made of the two columns of storage.';

create function storage.counted(entry jsonb, number bigint) returns integer
language sql immutable
as $$
    select case
        when entry is null then number::integer
        when entry ->> 'is' is null or (entry ->> 'is')::bigint = number then (entry ->> 'was')::integer
        else least(greatest(
            coalesce((entry ->> 'was')::bigint, 0) + number - (entry ->> 'is')::bigint,
            least((entry ->> 'was')::bigint, 0)
        ), 2147483647)::integer
    end
$$;
comment on function storage.counted(jsonb, bigint) is
    'A counter: what was given when the model counted "is", and all that was counted since; just what was given while "is" is null, as then the rows to count may still be on their way.';

create function storage.url(entry jsonb, storage_key text) returns text
language sql stable
as $$
    select case
        when entry is not null and entry ->> 'is' is not distinct from storage_key then entry ->> 'was'
        else lens.url(storage_key)
    end
$$;
comment on function storage.url(jsonb, text) is
    'The URL that was given, as long as the blob is the one with the storage key "is" (null: none); else the blob''s URL. Keys do not depend on settings as URLs do.';

create function storage.told(entries jsonb, old jsonb, new jsonb, "is" jsonb) returns jsonb
language sql immutable
as $$
    select coalesce(
        jsonb_object_agg(
            key,
            case when is_changed then jsonb_build_object('was', new -> key, 'is', value) else entries -> key end
        ),
        '{}'
    )
    from jsonb_each("is")
    cross join lateral (
        select old is null or coalesce(old -> key, 'null') is distinct from new -> key as is_changed
    ) as comparison
    where case when is_changed then value = 'null' or new -> key <> value else entries ? key end
$$;
comment on function storage.told(jsonb, jsonb, jsonb, jsonb) is
    'Like lens.kept(), for columns that the model does not hold as such: those left as they are keep their entry.';

create function storage.amend(kept jsonb, relation text, gone text[], entries jsonb) returns jsonb
language sql immutable
as $$
    select lens.merge(kept, relation, case when remaining <> '{}' then jsonb_build_object(relation, remaining) end)
    from (select (coalesce(kept -> relation, '{}') - gone) || entries as remaining) as amended
$$;
comment on function storage.amend(jsonb, text, text[], jsonb) is
    'The column kept, with these entries of one relation removed and those added.';

create function storage.untouched(kept jsonb, relation text, updated_at timestamptz) returns jsonb
language sql stable
as $$
    select jsonb_build_object('updated_at', jsonb_build_object(
        'was', lens.shown(kept -> relation -> 'updated_at', updated_at), 'is', now()
    ))
$$;
comment on function storage.untouched(jsonb, text, timestamptz) is
    'The entry that leaves updated_at as it reads, though the model''s trigger is about to move it.';

create function storage.keep(kept jsonb, relation text, was jsonb, "is" jsonb, told jsonb) returns jsonb
language sql immutable
as $$
    select lens.merge(
        kept, relation,
        case
            when told = '{}' then lens.kept(relation, was, "is")
            else jsonb_build_object(relation, told || coalesce(lens.kept(relation, was, "is") -> relation, '{}'))
        end
    )
$$;
comment on function storage.keep(jsonb, text, jsonb, jsonb, jsonb) is
    'The column kept, with what it says of one relation replaced by lens.kept() and storage.told().';

create function storage.code_path(language text) returns text
language sql immutable
as $$
    select 'main.' || case lower(language)
        when 'javascript' then 'js'
        when 'js' then 'js'
        when 'jsx' then 'jsx'
        when 'typescript' then 'ts'
        when 'ts' then 'ts'
        when 'tsx' then 'tsx'
        when 'html' then 'html'
        when 'css' then 'css'
        when 'scss' then 'scss'
        when 'json' then 'json'
        when 'svg' then 'svg'
        when 'xml' then 'xml'
        when 'yaml' then 'yaml'
        when 'yml' then 'yaml'
        when 'toml' then 'toml'
        when 'markdown' then 'md'
        when 'md' then 'md'
        when 'vue' then 'vue'
        when 'svelte' then 'svelte'
        when 'python' then 'py'
        when 'py' then 'py'
        when 'ruby' then 'rb'
        when 'php' then 'php'
        when 'java' then 'java'
        when 'kotlin' then 'kt'
        when 'swift' then 'swift'
        when 'dart' then 'dart'
        when 'go' then 'go'
        when 'rust' then 'rs'
        when 'rs' then 'rs'
        when 'c' then 'c'
        when 'c++' then 'cpp'
        when 'cpp' then 'cpp'
        when 'c#' then 'cs'
        when 'csharp' then 'cs'
        when 'lua' then 'lua'
        when 'r' then 'r'
        when 'sql' then 'sql'
        when 'bash' then 'sh'
        when 'shell' then 'sh'
        when 'sh' then 'sh'
        when 'glsl' then 'glsl'
        when 'wgsl' then 'wgsl'
        else 'txt'
    end
$$;
comment on function storage.code_path(text) is 'Where a version has the code that code_content is.';

create function storage.lines(content text) returns setof text
language sql immutable
as $$
    select string_to_table(case when right(content, 1) = E'\n' then left(content, -1) else content end, E'\n')
$$;
comment on function storage.lines(text) is 'The lines of a text, the last of which need not end.';

create function storage.count_changes(artifact_id uuid, content text, out additions integer, out deletions integer)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with lines as (
        select line, -1 as weight
        from public.artifact_files
        join public.blobs on blobs.id = artifact_files.blob_id
        cross join lateral storage.lines(convert_from(blobs.content, 'UTF8')) as line
        where artifact_files.artifact_id = count_changes.artifact_id
          and artifact_files.last_index is null
          and blobs.encoding = 'identity'
        union all
        select line, 1
        from storage.lines(count_changes.content) as line
    ),
    changes as (
        select sum(weight) as weight from lines group by line
    )
    select
        coalesce(sum(weight) filter (where weight > 0), 0)::integer,
        coalesce(-sum(weight) filter (where weight < 0), 0)::integer
    from changes
$$;
comment on function storage.count_changes(uuid, text) is
    'Lines that the new code has more than the newest version''s files, and the other way round, whatever their order: what the API''s diff says, but that a line which only moved counts as nothing. Text that is compressed, which SQL cannot read, has no lines.';

create function storage.is_made_up(profile public.profiles) returns boolean
language sql immutable
as $$
    select profile.kept -> 'storage.profiles' is null
        and num_nonnulls(
            profile.display_name, profile.bio, profile.avatar_blob_id, profile.age, profile.gender, profile.city,
            profile.country
        ) = 0
        and right(profile.handle, 13) = '-' || substr(encode(sha256(uuid_send(profile.user_id)), 'hex'), 1, 12)
$$;
comment on function storage.is_made_up(public.profiles) is
    'Whether a profile is only there because every account has one: its handle is of lens.handle(), and it says nothing.';

create view storage.profiles as
select
    profiles.user_id,
    lens.shown(profiles.kept -> 'storage.profiles' -> 'handle', profiles.handle) as handle,
    profiles.display_name,
    profiles.bio,
    storage.url(profiles.kept -> 'storage.profiles' -> 'avatar_url', avatars.storage_key) as avatar_url,
    lens.shown(profiles.kept -> 'storage.profiles' -> 'age', profiles.age) as age,
    profiles.gender,
    profiles.city,
    profiles.country,
    lens.shown(profiles.kept -> 'storage.profiles' -> 'created_at', profiles.created_at) as created_at,
    lens.shown(profiles.kept -> 'storage.profiles' -> 'updated_at', profiles.updated_at) as updated_at
from public.profiles
left join public.blobs as avatars on avatars.id = profiles.avatar_blob_id
where profiles.user_id <> lens.nobody() and not storage.is_made_up(profiles);
comment on view storage.profiles is 'What others see of a user. An account of which nothing was said yet has none here.';
comment on column storage.profiles.user_id is 'profiles.user_id, users.id: the account is made where it is missing';
comment on column storage.profiles.handle is 'profiles.handle: another one where the model does not allow it, or someone else has it';
comment on column storage.profiles.display_name is 'profiles.display_name';
comment on column storage.profiles.bio is 'profiles.bio';
comment on column storage.profiles.avatar_url is
    'profiles.avatar_blob_id, blobs.storage_key: the URL is made on read; one of elsewhere is kept';
comment on column storage.profiles.age is 'profiles.age: none outside of 0 to 150';
comment on column storage.profiles.gender is 'profiles.gender';
comment on column storage.profiles.city is 'profiles.city';
comment on column storage.profiles.country is 'profiles.country';
comment on column storage.profiles.created_at is 'profiles.created_at';
comment on column storage.profiles.updated_at is 'profiles.updated_at';
-- The documents' defaults: left out is not the same as null.
alter view storage.profiles alter column created_at set default now();
alter view storage.profiles alter column updated_at set default now();

-- Here and below: with nulls for values plans would seem to be cheaper, and be made anew for each row.
create function storage.write_profile() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_variable
declare
    profile public.profiles;
    is_known boolean;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into profile from public.profiles where profiles.user_id = old.user_id for no key update;
        is_known := true;
    else
        select * into profile from public.profiles where profiles.user_id = new.user_id for no key update;
        is_known := found and storage.is_made_up(profile);
    end if;
    if not exists (select from public.users where users.id = new.user_id) then
        -- Not by lens.add_user(), which makes a profile too.
        insert into public.users (id, email) values (new.user_id, new.user_id || '@atelier.invalid');
    end if;
    profile.handle := new.handle;
    if new.handle is null or new.handle !~ '^[a-z0-9](-?[a-z0-9]){1,31}$' or exists (
        select from public.profiles where profiles.handle = new.handle and profiles.user_id <> new.user_id
    ) then
        profile.handle := lens.handle(coalesce(new.handle, new.display_name), new.user_id);
    end if;
    profile.age := case when new.age between 0 and 150 then new.age end;
    profile.created_at := lens.time(new.created_at, coalesce(profile.created_at, now()));
    profile.updated_at := case when is_known then now() else lens.time(new.updated_at, profile.created_at) end;
    if tg_op = 'INSERT' or new.avatar_url is distinct from old.avatar_url then
        profile.avatar_blob_id := null;
    end if;
    kept := storage.keep(
        profile.kept, 'storage.profiles', to_jsonb(new),
        jsonb_build_object(
            'handle', profile.handle,
            'age', profile.age,
            'created_at', profile.created_at,
            'updated_at', profile.updated_at
        ),
        storage.told(
            profile.kept -> 'storage.profiles', coalesce(to_jsonb(old), '{}'), to_jsonb(new),
            jsonb_build_object('avatar_url', null)
        )
    );
    if is_known then
        update public.profiles set
            user_id = new.user_id,
            handle = profile.handle,
            display_name = new.display_name,
            bio = new.bio,
            avatar_blob_id = profile.avatar_blob_id,
            age = profile.age,
            gender = new.gender,
            city = new.city,
            country = new.country,
            kept = kept,
            created_at = profile.created_at
        where profiles.user_id = profile.user_id;
    else
        insert into public.profiles (
            user_id, handle, display_name, bio, age, gender, city, country, kept, created_at, updated_at
        )
        values (
            new.user_id, profile.handle, new.display_name, new.bio, profile.age, new.gender, new.city, new.country, kept,
            profile.created_at, profile.updated_at
        );
    end if;
    return new;
end;
$$;
create trigger insert_profile instead of insert on storage.profiles
    for each row execute function storage.write_profile();
create trigger update_profile instead of update on storage.profiles
    for each row execute function storage.write_profile();

create function storage.delete_profile() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    update public.profiles set
        handle = lens.handle(null, profiles.user_id),
        display_name = null,
        bio = null,
        avatar_blob_id = null,
        age = null,
        gender = null,
        city = null,
        country = null,
        kept = lens.merge(profiles.kept, 'storage.profiles', null)
    where profiles.user_id = old.user_id;
    return old;
end;
$$;
comment on function storage.delete_profile() is
    'The account stays, and every account has a profile: it becomes a made-up one, which the view does not show.';
create trigger delete_profile instead of delete on storage.profiles
    for each row execute function storage.delete_profile();

create view storage.artifacts as
select
    artifacts.id,
    artifacts.shown_owner_user_id as owner_user_id,
    lens.shown(artifacts.kept -> 'storage.artifacts' -> 'title', artifacts.title) as title,
    artifacts.description,
    lens.shown(artifacts.kept -> 'storage.artifacts' -> 'visibility', artifacts.visibility) as visibility,
    lens.shown(artifacts.kept -> 'storage.artifacts' -> 'created_at', artifacts.created_at) as created_at,
    lens.shown(artifacts.kept -> 'storage.artifacts' -> 'updated_at', artifacts.updated_at) as updated_at,
    lens.shown(artifacts.kept -> 'storage.artifacts' -> 'forked_from_id', artifacts.forked_from_id) as forked_from_id,
    lens.shown(
        artifacts.kept -> 'storage.artifacts' -> 'forked_from_owner_user_id', artifacts.forked_from_owner_user_id
    ) as forked_from_owner_user_id,
    lens.shown(
        artifacts.kept -> 'storage.artifacts' -> 'forked_from_version_id', artifacts.forked_from_version_id
    ) as forked_from_version_id,
    artifacts.forked_from_version_label,
    lens.shown(
        artifacts.kept -> 'storage.artifacts' -> 'origin_artifact_id', artifacts.origin_artifact_id
    ) as origin_artifact_id,
    lens.shown(
        artifacts.kept -> 'storage.artifacts' -> 'origin_owner_user_id', artifacts.origin_owner_user_id
    ) as origin_owner_user_id,
    lens.shown(
        artifacts.kept -> 'storage.artifacts' -> 'source_session_id', artifacts.source_session_id
    ) as source_session_id,
    lens.shown(
        artifacts.kept -> 'storage.artifacts' -> 'source_session_credits_estimate', artifacts.source_session_credits_estimate
    ) as source_session_credits_estimate,
    lens.shown(
        artifacts.kept -> 'storage.artifacts' -> 'source_session',
        storage.source_session(artifacts.source_session_id, artifacts.source_session_credits_estimate)
    ) as source_session,
    lens.shown(
        artifacts.kept -> 'storage.artifacts' -> 'current_version_id', artifacts.current_version_id
    ) as current_version_id,
    lens.shown(
        artifacts.kept -> 'storage.artifacts' -> 'versioning_enabled', artifacts.versioning_enabled
    ) as versioning_enabled,
    lens.shown(
        artifacts.kept -> 'storage.artifacts' -> 'chat_history_public', artifacts.chat_history_public
    ) as chat_history_public,
    storage.counted(artifacts.kept -> 'storage.artifacts' -> 'forks_count', counts.forks) as forks_count,
    storage.counted(artifacts.kept -> 'storage.artifacts' -> 'imports_count', counts.imports) as imports_count,
    storage.counted(artifacts.kept -> 'storage.artifacts' -> 'likes_count', counts.likes) as likes_count,
    storage.counted(artifacts.kept -> 'storage.artifacts' -> 'comments_count', counts.comments) as comments_count
-- Apart, so that an owner's are found by the index: it does not know nullif(owner_user_id, lens.nobody()).
from (
    select artifacts.*, artifacts.owner_user_id as shown_owner_user_id
    from public.artifacts
    where artifacts.owner_user_id <> lens.nobody()
    union all
    select artifacts.*, null
    from public.artifacts
    where artifacts.owner_user_id = lens.nobody()
) as artifacts
cross join lateral (
    select
        coalesce(sum(artifact_counts.forks), 0) as forks,
        coalesce(sum(artifact_counts.imports), 0) as imports,
        coalesce(sum(artifact_counts.likes), 0) as likes,
        coalesce(sum(artifact_counts.comments), 0) as comments
    from public.artifact_counts
    where artifact_counts.artifact_id = artifacts.id
) as counts
where artifacts.deleted_at is null;
comment on view storage.artifacts is 'What people make, publish and fork. Deleting one puts it into the trash.';
comment on column storage.artifacts.id is 'artifacts.id';
comment on column storage.artifacts.owner_user_id is
    'artifacts.owner_user_id: the account is made where it is missing; without one it is nobody''s';
comment on column storage.artifacts.title is 'artifacts.title';
comment on column storage.artifacts.description is 'artifacts.description';
comment on column storage.artifacts.visibility is 'artifacts.visibility: null is private';
comment on column storage.artifacts.created_at is 'artifacts.created_at';
comment on column storage.artifacts.updated_at is 'artifacts.updated_at';
comment on column storage.artifacts.forked_from_id is
    'artifacts.forked_from_id: here and in the next columns, what does not exist is kept, and linked by finish_import()';
comment on column storage.artifacts.forked_from_owner_user_id is 'artifacts.forked_from_owner_user_id';
comment on column storage.artifacts.forked_from_version_id is 'artifacts.forked_from_version_id';
comment on column storage.artifacts.forked_from_version_label is 'artifacts.forked_from_version_label';
comment on column storage.artifacts.origin_artifact_id is
    'artifacts.origin_artifact_id: an original that names itself has none in the model';
comment on column storage.artifacts.origin_owner_user_id is 'artifacts.origin_owner_user_id';
comment on column storage.artifacts.source_session_id is 'artifacts.source_session_id';
comment on column storage.artifacts.source_session_credits_estimate is 'artifacts.source_session_credits_estimate';
comment on column storage.artifacts.source_session is
    'artifacts.source_session_id, artifacts.source_session_credits_estimate: both in one; what else is in it is kept';
comment on column storage.artifacts.current_version_id is 'artifacts.current_version_id: kept until that version is there';
comment on column storage.artifacts.versioning_enabled is 'artifacts.versioning_enabled: null is true';
comment on column storage.artifacts.chat_history_public is 'artifacts.chat_history_public: null is false';
comment on column storage.artifacts.forks_count is
    'artifact_counts.forks: what was given until finish_import(), then with the forks made since';
comment on column storage.artifacts.imports_count is
    'artifact_counts.imports: what was given, and what came since; likewise the next columns';
comment on column storage.artifacts.likes_count is 'artifact_counts.likes';
comment on column storage.artifacts.comments_count is 'artifact_counts.comments';
-- The documents' defaults, and where they have none the model's: left out is not the same as null.
alter view storage.artifacts alter column id set default uuid_v7();
alter view storage.artifacts alter column visibility set default 'private';
alter view storage.artifacts alter column created_at set default now();
alter view storage.artifacts alter column updated_at set default now();
alter view storage.artifacts alter column versioning_enabled set default true;
alter view storage.artifacts alter column chat_history_public set default false;
alter view storage.artifacts alter column forks_count set default 0;
alter view storage.artifacts alter column imports_count set default 0;
alter view storage.artifacts alter column likes_count set default 0;
alter view storage.artifacts alter column comments_count set default 0;

create function storage.write_artifact() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_variable
declare
    artifact public.artifacts;
    parent_id uuid;
    counted jsonb := '{"forks_count": null, "imports_count": 0, "likes_count": 0, "comments_count": 0}';
    normalised jsonb;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into artifact from public.artifacts where artifacts.id = old.id for no key update;
        parent_id := artifact.forked_from_id;
        select jsonb_build_object(
            'forks_count', coalesce(sum(artifact_counts.forks), 0),
            'imports_count', coalesce(sum(artifact_counts.imports), 0),
            'likes_count', coalesce(sum(artifact_counts.likes), 0),
            'comments_count', coalesce(sum(artifact_counts.comments), 0)
        )
        into counted
        from public.artifact_counts
        where artifact_counts.artifact_id = old.id;
        -- The session is there twice, whole and in parts. What was changed says what the rest is.
        if new.source_session is distinct from old.source_session then
            new.source_session_id := nullif(new.source_session_id, old.source_session_id);
            new.source_session_credits_estimate :=
                nullif(new.source_session_credits_estimate, old.source_session_credits_estimate);
        elsif new.source_session_id is distinct from old.source_session_id
            or new.source_session_credits_estimate is distinct from old.source_session_credits_estimate
        then
            new.source_session := storage.source_session(
                storage.session_name(new.source_session_id), storage.credits(new.source_session_credits_estimate)
            );
        end if;
    end if;
    if new.owner_user_id is null then
        artifact.owner_user_id := lens.add_nobody();
    else
        artifact.owner_user_id := new.owner_user_id;
        if not exists (select from public.users where users.id = new.owner_user_id) then
            perform lens.add_user(new.owner_user_id, null, null);
        end if;
    end if;
    artifact.title := coalesce(new.title, 'Untitled');
    artifact.visibility := coalesce(new.visibility, 'private');
    artifact.versioning_enabled := coalesce(new.versioning_enabled, true);
    artifact.chat_history_public := coalesce(new.chat_history_public, false);
    if jsonb_typeof(new.source_session) = 'object' then
        new.source_session_id := coalesce(
            new.source_session_id,
            storage.session_name(coalesce(new.source_session ->> 'id', new.source_session ->> 'session_id'))
        );
        if jsonb_typeof(new.source_session -> 'credits_estimate') = 'number' then
            new.source_session_credits_estimate := coalesce(
                new.source_session_credits_estimate,
                storage.credits((new.source_session ->> 'credits_estimate')::numeric)
            );
        end if;
    end if;
    artifact.source_session_id := storage.session_name(new.source_session_id);
    artifact.source_session_credits_estimate := storage.credits(new.source_session_credits_estimate);
    select
        (select artifacts.id from public.artifacts where artifacts.id = new.forked_from_id and artifacts.id <> new.id),
        (select users.id from public.users where users.id = new.forked_from_owner_user_id),
        (select artifact_versions.id from public.artifact_versions where artifact_versions.id = new.forked_from_version_id),
        (select artifacts.id from public.artifacts where artifacts.id = new.origin_artifact_id and artifacts.id <> new.id),
        (select users.id from public.users where users.id = new.origin_owner_user_id),
        -- Whoever looks at an artifact needs a version to see.
        coalesce(
            (select artifact_versions.id
             from public.artifact_versions
             where artifact_versions.id = new.current_version_id and artifact_versions.artifact_id = new.id),
            artifact.current_version_id
        )
    into
        artifact.forked_from_id, artifact.forked_from_owner_user_id, artifact.forked_from_version_id,
        artifact.origin_artifact_id, artifact.origin_owner_user_id, artifact.current_version_id;
    artifact.created_at := lens.time(new.created_at, coalesce(artifact.created_at, now()));
    artifact.updated_at := case
        when tg_op = 'UPDATE' then now() else lens.time(new.updated_at, artifact.created_at)
    end;
    normalised := jsonb_build_object(
        'title', artifact.title,
        'visibility', artifact.visibility,
        'created_at', artifact.created_at,
        'updated_at', artifact.updated_at,
        'forked_from_id', artifact.forked_from_id,
        'forked_from_owner_user_id', artifact.forked_from_owner_user_id,
        'forked_from_version_id', artifact.forked_from_version_id,
        'origin_artifact_id', artifact.origin_artifact_id,
        'origin_owner_user_id', artifact.origin_owner_user_id,
        'source_session_id', artifact.source_session_id,
        'source_session_credits_estimate', artifact.source_session_credits_estimate,
        'current_version_id', artifact.current_version_id,
        'versioning_enabled', artifact.versioning_enabled,
        'chat_history_public', artifact.chat_history_public
    );
    -- Null where there are the parts only says that the document has no such column.
    if new.source_session <> 'null' then
        normalised := normalised || jsonb_build_object(
            'source_session',
            storage.source_session(artifact.source_session_id, artifact.source_session_credits_estimate)
        );
    end if;
    kept := storage.keep(
        artifact.kept, 'storage.artifacts', to_jsonb(new), normalised,
        storage.told(artifact.kept -> 'storage.artifacts', to_jsonb(old), to_jsonb(new), counted)
    );
    if tg_op = 'INSERT' then
        insert into public.artifacts (
            id, owner_user_id, title, description, visibility, forked_from_id, forked_from_owner_user_id,
            forked_from_version_id, forked_from_version_label, origin_artifact_id, origin_owner_user_id, source_session_id,
            source_session_credits_estimate, versioning_enabled, chat_history_public, kept, created_at, updated_at
        )
        values (
            new.id, artifact.owner_user_id, artifact.title, new.description, artifact.visibility, artifact.forked_from_id,
            artifact.forked_from_owner_user_id, artifact.forked_from_version_id, new.forked_from_version_label,
            artifact.origin_artifact_id, artifact.origin_owner_user_id, artifact.source_session_id,
            artifact.source_session_credits_estimate, artifact.versioning_enabled, artifact.chat_history_public, kept,
            artifact.created_at, artifact.updated_at
        );
    else
        update public.artifacts set
            id = new.id,
            owner_user_id = artifact.owner_user_id,
            title = artifact.title,
            description = new.description,
            visibility = artifact.visibility,
            forked_from_id = artifact.forked_from_id,
            forked_from_owner_user_id = artifact.forked_from_owner_user_id,
            forked_from_version_id = artifact.forked_from_version_id,
            forked_from_version_label = new.forked_from_version_label,
            origin_artifact_id = artifact.origin_artifact_id,
            origin_owner_user_id = artifact.origin_owner_user_id,
            source_session_id = artifact.source_session_id,
            source_session_credits_estimate = artifact.source_session_credits_estimate,
            current_version_id = artifact.current_version_id,
            versioning_enabled = artifact.versioning_enabled,
            chat_history_public = artifact.chat_history_public,
            kept = kept,
            created_at = artifact.created_at
        where artifacts.id = old.id;
        -- Forks are counted as they are inserted; one that gets another parent is not.
        if parent_id is distinct from artifact.forked_from_id then
            insert into public.artifact_counts (artifact_id, slot, forks)
            select moved.id, 0, moved.forks
            from (values (parent_id, -1), (artifact.forked_from_id, 1)) as moved (id, forks)
            where moved.id is not null
            order by moved.id
            on conflict (artifact_id, slot) do update set forks = artifact_counts.forks + excluded.forks;
        end if;
    end if;
    return new;
end;
$$;
create trigger insert_artifact instead of insert on storage.artifacts
    for each row execute function storage.write_artifact();
create trigger update_artifact instead of update on storage.artifacts
    for each row execute function storage.write_artifact();

create function storage.delete_artifact() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    update public.artifacts set deleted_at = now() where artifacts.id = old.id;
    return old;
end;
$$;
comment on function storage.delete_artifact() is 'Into the trash, with its versions and media: forks of it stay what they are.';
create trigger delete_artifact instead of delete on storage.artifacts
    for each row execute function storage.delete_artifact();

create function storage.code_versions(artifact_id uuid, version_index integer) returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
    return (
        select jsonb_agg(
            jsonb_build_object(
                'version_index', shown.version_index,
                'code_language', shown.code_language,
                'code_blob_ref', shown.code_blob_ref
            )
            order by versions.version_index
        )
        from public.artifact_versions as versions
        join storage.artifact_versions as shown on shown.id = versions.id
        where versions.artifact_id = artifact_id and versions.version_index <= version_index
    );
end;
$$;
comment on function storage.code_versions(uuid, integer) is
    'code_versions where none were given: an artifact''s versions, up to this one of the model''s index.';

create view storage.artifact_versions as
select
    versions.id,
    versions.artifact_id,
    lens.shown(versions.kept -> 'storage.artifact_versions' -> 'version_index', versions.version_index) as version_index,
    case
        when versions.kept -> 'storage.artifact_versions' ? 'code_blob_ref'
            then versions.kept -> 'storage.artifact_versions' -> 'code_blob_ref' ->> 'was'
        when code.content is not null then 'db:' || versions.id
        else 'blob:' || encode(code.sha256, 'hex')
    end as code_blob_ref,
    versions.code_language,
    convert_from(code.content, 'UTF8') as code_content,
    case
        when versions.kept -> 'storage.artifact_versions' ? 'code_versions'
            then nullif(versions.kept -> 'storage.artifact_versions' -> 'code_versions' -> 'was', 'null')
        else storage.code_versions(versions.artifact_id, versions.version_index)
    end as code_versions,
    (
        select artifact_version_chats.chat
        from public.artifact_version_chats
        where artifact_version_chats.version_id = versions.id
    ) as chat,
    versions.session_id,
    lens.shown(
        versions.kept -> 'storage.artifact_versions' -> 'credits_used_estimate', versions.credits_used_estimate
    ) as credits_used_estimate,
    lens.shown(versions.kept -> 'storage.artifact_versions' -> 'created_at', versions.created_at) as created_at,
    versions.summary,
    versions.label,
    lens.shown(versions.kept -> 'storage.artifact_versions' -> 'stats', versions.stats) as stats,
    lens.shown(
        versions.kept -> 'storage.artifact_versions' -> 'version_metadata', versions.version_metadata
    ) as version_metadata,
    case
        when versions.kept -> 'storage.artifact_versions' ? 'code_references'
            then nullif(versions.kept -> 'storage.artifact_versions' -> 'code_references' -> 'was', 'null')
        else (
            select jsonb_agg(
                jsonb_build_object(
                    'path', artifact_files.path,
                    'sha256', encode(blobs.sha256, 'hex'),
                    'size', blobs.size,
                    'language', artifact_files.language
                )
                order by artifact_files.path
            )
            from public.artifact_files
            join public.blobs on blobs.id = artifact_files.blob_id
            where artifact_files.artifact_id = versions.artifact_id
              and artifact_files.first_index <= versions.version_index
              and (artifact_files.last_index is null or artifact_files.last_index >= versions.version_index)
        )
    end as code_references,
    lens.shown(
        versions.kept -> 'storage.artifact_versions' -> 'parent_version_id', versions.parent_version_id
    ) as parent_version_id
from public.artifact_versions as versions
join public.artifacts on artifacts.id = versions.artifact_id
-- The first file, whose text SQL can read unless it is compressed.
left join lateral (
    select blobs.sha256, case when blobs.encoding = 'identity' then blobs.content end as content
    from public.artifact_files
    join public.blobs on blobs.id = artifact_files.blob_id
    where artifact_files.artifact_id = versions.artifact_id
      and artifact_files.first_index <= versions.version_index
      and (artifact_files.last_index is null or artifact_files.last_index >= versions.version_index)
    order by artifact_files.path
    limit 1
) as code on true
where artifacts.deleted_at is null;
comment on view storage.artifact_versions is 'Versions of artifacts: never removed, and their code never changed.';
comment on column storage.artifact_versions.id is 'artifact_versions.id';
comment on column storage.artifact_versions.artifact_id is 'artifact_versions.artifact_id';
comment on column storage.artifact_versions.version_index is
    'artifact_versions.version_index: the model counts without gaps, in the order of arrival; another number is kept';
comment on column storage.artifact_versions.code_blob_ref is
    'artifact_files.blob_id, blobs.sha256: db:<version id> where code_content shows the code, else blob:<sha256>';
comment on column storage.artifact_versions.code_language is 'artifact_versions.code_language';
comment on column storage.artifact_versions.code_content is
    'artifact_files.blob_id, blobs.content: the first file''s text; null where it is compressed or in the bucket';
comment on column storage.artifact_versions.code_versions is
    'artifact_versions.version_index, artifact_versions.code_language, artifact_files.blob_id: made of the versions so far';
comment on column storage.artifact_versions.chat is 'artifact_version_chats.chat';
comment on column storage.artifact_versions.session_id is 'artifact_versions.session_id';
comment on column storage.artifact_versions.credits_used_estimate is 'artifact_versions.credits_used_estimate';
comment on column storage.artifact_versions.created_at is 'artifact_versions.created_at';
comment on column storage.artifact_versions.summary is 'artifact_versions.summary';
comment on column storage.artifact_versions.label is 'artifact_versions.label';
comment on column storage.artifact_versions.stats is 'artifact_versions.stats';
comment on column storage.artifact_versions.version_metadata is 'artifact_versions.version_metadata';
comment on column storage.artifact_versions.code_references is
    'artifact_files.path, artifact_files.language, blobs.sha256, blobs.size: made of the manifest';
comment on column storage.artifact_versions.parent_version_id is
    'artifact_versions.parent_version_id: kept while that version is not there, and linked by finish_import()';
-- Left out is not the same as null: storage, which lacks the last two columns, is no reason to keep nulls for each version.
alter view storage.artifact_versions alter column id set default uuid_v7();
alter view storage.artifact_versions alter column created_at set default now();
alter view storage.artifact_versions alter column stats set default '{}';
alter view storage.artifact_versions alter column version_metadata set default '{}';

create function storage.put_code(user_id uuid, version public.artifact_versions, content text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    path text := storage.code_path(version.code_language);
    bytes bytea := convert_to(content, 'UTF8');
    blob_id uuid;
begin
    if content is not null then
        -- What the API compressed, SQL can read too once it is as it was.
        insert into public.blobs (user_id, sha256, size, content_type, content)
        values (user_id, sha256(bytes), version.size, 'text/plain; charset=utf-8', bytes)
        on conflict on constraint blobs_user_id_sha256_key do update set
            content = excluded.content, encoding = excluded.encoding
        where blobs.content is null or blobs.encoding <> excluded.encoding
        returning id into blob_id;
        if not found then
            select blobs.id into blob_id from public.blobs where blobs.user_id = user_id and blobs.sha256 = sha256(bytes);
        end if;
    end if;
    if version.version_index > 1 then
        update public.artifact_files set last_index = version.version_index - 1
        where artifact_files.artifact_id = version.artifact_id
          and artifact_files.last_index is null
          and (artifact_files.path, artifact_files.blob_id, artifact_files.language)
              is distinct from (path, blob_id, version.code_language);
    end if;
    insert into public.artifact_files (artifact_id, path, first_index, blob_id, language)
    select version.artifact_id, path, version.version_index, blob_id, version.code_language
    where blob_id is not null and not exists (
        select from public.artifact_files
        where artifact_files.artifact_id = version.artifact_id
          and artifact_files.path = path
          and artifact_files.last_index is null
    );
end;
$$;
comment on function storage.put_code(uuid, public.artifact_versions, text) is
    'The manifest of a new version: its code as the only file, or none. Rows change only if the version before was different.';

create function storage.count_versions(artifact_id uuid) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    artifact public.artifacts;
    newest record;
    given_version_id uuid;
    gone text[] := '{}';
    entries jsonb;
begin
    select * into artifact from public.artifacts where artifacts.id = artifact_id;
    select artifact_versions.id, artifact_versions.version_index
    into newest
    from public.artifact_versions
    where artifact_versions.artifact_id = artifact_id
    order by artifact_versions.version_index desc
    limit 1;
    given_version_id := lens.shown(
        artifact.kept -> 'storage.artifacts' -> 'current_version_id', artifact.current_version_id
    );
    entries := storage.untouched(artifact.kept, 'storage.artifacts', artifact.updated_at);
    if given_version_id is null then
        artifact.current_version_id := newest.id;
        entries := entries
            || jsonb_build_object('current_version_id', jsonb_build_object('was', null, 'is', newest.id));
    elsif exists (
        select from public.artifact_versions
        where artifact_versions.id = given_version_id and artifact_versions.artifact_id = artifact_id
    ) then
        artifact.current_version_id := given_version_id;
        gone := array['current_version_id'];
    end if;
    update public.artifacts set
        current_version_id = artifact.current_version_id,
        versions_count = newest.version_index,
        kept = storage.amend(artifact.kept, 'storage.artifacts', gone, entries)
    where artifacts.id = artifact_id;
end;
$$;
comment on function storage.count_versions(uuid) is
    'Tells an artifact of versions that were inserted, and links the current one if it waited for it.';

create function storage.finish_versions() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if current_setting('storage.artifact_id', true) <> '' then
        perform storage.count_versions(current_setting('storage.artifact_id')::uuid);
        perform set_config('storage.artifact_id', '', true);
    end if;
    return null;
end;
$$;
comment on function storage.finish_versions() is 'Ends an insert: the last artifact that write_version() put into storage.artifact_id.';

create function storage.write_version() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_variable
declare
    user_id uuid;
    version public.artifact_versions;
    told jsonb;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        if new.artifact_id is distinct from old.artifact_id or new.code_content is distinct from old.code_content then
            raise exception using
                errcode = 'feature_not_supported',
                message = 'a version keeps its artifact and its code',
                hint = 'Insert another version, and set artifacts.current_version_id to it.';
        end if;
        select * into version from public.artifact_versions where artifact_versions.id = old.id for no key update;
    else
        select artifacts.owner_user_id into user_id
        from public.artifacts
        where artifacts.id = new.artifact_id
        for no key update;
        version.artifact_id := new.artifact_id;
        version.version_index := 1 + coalesce((
            select max(artifact_versions.version_index)
            from public.artifact_versions
            where artifact_versions.artifact_id = new.artifact_id
        ), 0);
        version.files_count := num_nonnulls(new.code_content);
        version.size := coalesce(octet_length(new.code_content), 0);
        version.deletions := 0;
        if version.version_index = 1 then
            version.additions := (select count(*) from storage.lines(new.code_content));
        else
            select * into version.additions, version.deletions
            from storage.count_changes(new.artifact_id, new.code_content);
        end if;
    end if;
    version.code_language := new.code_language;
    version.credits_used_estimate := storage.credits(new.credits_used_estimate);
    version.stats := lens.object(new.stats);
    version.version_metadata := lens.object(new.version_metadata);
    version.parent_version_id := (
        select artifact_versions.id
        from public.artifact_versions
        where artifact_versions.id = new.parent_version_id and artifact_versions.id <> new.id
    );
    version.created_at := lens.time(new.created_at, coalesce(version.created_at, now()));
    told := storage.told(
        version.kept -> 'storage.artifact_versions',
        case when tg_op = 'UPDATE' then jsonb_build_object(
            'code_blob_ref', old.code_blob_ref, 'code_versions', old.code_versions, 'code_references', old.code_references
        ) end,
        jsonb_build_object(
            'code_blob_ref', new.code_blob_ref, 'code_versions', new.code_versions, 'code_references', new.code_references
        ),
        jsonb_build_object(
            'code_blob_ref', case when new.code_content is not null then 'db:' || new.id end,
            'code_versions', null,
            'code_references', null
        )
    );
    kept := storage.keep(
        version.kept, 'storage.artifact_versions',
        jsonb_build_object(
            'version_index', new.version_index,
            'credits_used_estimate', new.credits_used_estimate,
            'stats', new.stats,
            'version_metadata', new.version_metadata,
            'parent_version_id', new.parent_version_id,
            'created_at', new.created_at
        ),
        jsonb_build_object(
            'version_index', version.version_index,
            'credits_used_estimate', version.credits_used_estimate,
            'stats', version.stats,
            'version_metadata', version.version_metadata,
            'parent_version_id', version.parent_version_id,
            'created_at', version.created_at
        ),
        told
    );
    if tg_op = 'UPDATE' then
        update public.artifact_versions set
            id = new.id,
            parent_version_id = version.parent_version_id,
            summary = new.summary,
            label = new.label,
            code_language = new.code_language,
            session_id = new.session_id,
            credits_used_estimate = version.credits_used_estimate,
            stats = version.stats,
            version_metadata = version.version_metadata,
            kept = kept,
            created_at = version.created_at
        where artifact_versions.id = old.id;
        delete from public.artifact_version_chats
        where artifact_version_chats.version_id = new.id and new.chat is distinct from old.chat;
    else
        insert into public.artifact_versions (
            id, artifact_id, version_index, parent_version_id, summary, label, code_language, session_id,
            credits_used_estimate, stats, version_metadata, files_count, size, additions, deletions, kept, created_at
        )
        values (
            new.id, new.artifact_id, version.version_index, version.parent_version_id, new.summary, new.label,
            new.code_language, new.session_id, version.credits_used_estimate, version.stats, version.version_metadata,
            version.files_count, version.size, version.additions, version.deletions, kept, version.created_at
        );
        perform storage.put_code(user_id, version, new.code_content);
        -- Versions come artifact by artifact: each is told of its versions once, as its row has many indexes.
        if current_setting('storage.artifact_id', true) is distinct from new.artifact_id::text then
            if current_setting('storage.artifact_id', true) <> '' then
                perform storage.count_versions(current_setting('storage.artifact_id')::uuid);
            end if;
            perform set_config('storage.artifact_id', new.artifact_id::text, true);
        end if;
    end if;
    if new.chat <> 'null' then
        insert into public.artifact_version_chats (version_id, artifact_id, chat)
        values (new.id, new.artifact_id, new.chat)
        on conflict (version_id) do nothing;
    end if;
    return new;
end;
$$;
create trigger insert_version instead of insert on storage.artifact_versions
    for each row execute function storage.write_version();
create trigger finish_versions after insert on storage.artifact_versions
    for each statement execute function storage.finish_versions();
create trigger update_version instead of update on storage.artifact_versions
    for each row execute function storage.write_version();

create function storage.refuse_deletion() returns trigger
language plpgsql
as $$
begin
    raise exception using
        errcode = 'feature_not_supported',
        message = 'versions are never removed',
        hint = 'Delete the artifact, which hides its versions, or set artifacts.current_version_id to another version.';
end;
$$;
create trigger delete_version instead of delete on storage.artifact_versions
    for each row execute function storage.refuse_deletion();

create view storage.artifact_media as
select
    media.artifact_id,
    storage.url(media.kept -> 'storage.artifact_media' -> 'screenshot_url', screenshots.storage_key) as screenshot_url,
    storage.url(media.kept -> 'storage.artifact_media' -> 'thumb_url', thumbs.storage_key) as thumb_url,
    lens.shown(media.kept -> 'storage.artifact_media' -> 'created_at', media.created_at) as created_at,
    lens.shown(media.kept -> 'storage.artifact_media' -> 'updated_at', media.updated_at) as updated_at
from public.artifact_media as media
join public.artifacts on artifacts.id = media.artifact_id
left join public.blobs as screenshots on screenshots.id = media.screenshot_blob_id
left join public.blobs as thumbs on thumbs.id = media.thumb_blob_id
where artifacts.deleted_at is null;
comment on view storage.artifact_media is 'Pictures of artifacts.';
comment on column storage.artifact_media.artifact_id is 'artifact_media.artifact_id';
comment on column storage.artifact_media.screenshot_url is
    'artifact_media.screenshot_blob_id, blobs.storage_key: the URL is made on read; one of elsewhere is kept';
comment on column storage.artifact_media.thumb_url is 'artifact_media.thumb_blob_id, blobs.storage_key: likewise';
comment on column storage.artifact_media.created_at is 'artifact_media.created_at';
comment on column storage.artifact_media.updated_at is 'artifact_media.updated_at';
alter view storage.artifact_media alter column created_at set default now();
alter view storage.artifact_media alter column updated_at set default now();

create function storage.write_media() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_variable
declare
    media public.artifact_media;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into media from public.artifact_media where artifact_media.artifact_id = old.artifact_id for no key update;
        if new.screenshot_url is distinct from old.screenshot_url then
            media.screenshot_blob_id := null;
        end if;
        if new.thumb_url is distinct from old.thumb_url then
            media.thumb_blob_id := null;
        end if;
    end if;
    media.created_at := lens.time(new.created_at, coalesce(media.created_at, now()));
    media.updated_at := case when tg_op = 'UPDATE' then now() else lens.time(new.updated_at, media.created_at) end;
    kept := storage.keep(
        media.kept, 'storage.artifact_media', to_jsonb(new),
        jsonb_build_object('created_at', media.created_at, 'updated_at', media.updated_at),
        storage.told(
            media.kept -> 'storage.artifact_media', coalesce(to_jsonb(old), '{}'), to_jsonb(new),
            jsonb_build_object('screenshot_url', null, 'thumb_url', null)
        )
    );
    if tg_op = 'INSERT' then
        insert into public.artifact_media (artifact_id, kept, created_at, updated_at)
        values (new.artifact_id, kept, media.created_at, media.updated_at);
    else
        update public.artifact_media set
            artifact_id = new.artifact_id,
            screenshot_blob_id = media.screenshot_blob_id,
            thumb_blob_id = media.thumb_blob_id,
            kept = kept,
            created_at = media.created_at
        where artifact_media.artifact_id = old.artifact_id;
    end if;
    return new;
end;
$$;
create trigger insert_media instead of insert on storage.artifact_media
    for each row execute function storage.write_media();
create trigger update_media instead of update on storage.artifact_media
    for each row execute function storage.write_media();
create trigger delete_media instead of delete on storage.artifact_media
    for each row execute function lens.delete_row('artifact_media', 'artifact_id', 'artifact_id');

create function storage.attach(relation text, row_id uuid, column_name text, blob_id uuid) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    entry jsonb := jsonb_build_object('is', (select blobs.storage_key from public.blobs where blobs.id = blob_id));
begin
    case relation || '.' || column_name
    when 'profiles.avatar_url' then
        entry := entry || (
            select jsonb_build_object('was', shown.avatar_url) from storage.profiles as shown where shown.user_id = row_id
        );
        update public.profiles set
            avatar_blob_id = blob_id,
            kept = storage.amend(
                profiles.kept, 'storage.profiles', '{}',
                jsonb_build_object('avatar_url', entry)
                    || storage.untouched(profiles.kept, 'storage.profiles', profiles.updated_at)
            )
        where profiles.user_id = row_id;
    when 'artifact_media.screenshot_url', 'artifact_media.thumb_url' then
        entry := entry || (
            select jsonb_build_object('was', to_jsonb(shown) -> column_name)
            from storage.artifact_media as shown
            where shown.artifact_id = row_id
        );
        update public.artifact_media set
            screenshot_blob_id = case column_name when 'screenshot_url' then blob_id else screenshot_blob_id end,
            thumb_blob_id = case column_name when 'thumb_url' then blob_id else thumb_blob_id end,
            kept = storage.amend(
                artifact_media.kept, 'storage.artifact_media', '{}',
                jsonb_build_object(column_name, entry)
                    || storage.untouched(artifact_media.kept, 'storage.artifact_media', artifact_media.updated_at)
            )
        where artifact_media.artifact_id = row_id;
    else
        raise exception using
            errcode = 'invalid_parameter_value', message = format('%s.%s names no file', relation, column_name);
    end case;
end;
$$;
comment on function storage.attach(text, uuid, text, uuid) is
    'Makes a blob what a row''s column names, which goes on to read as it was given.';

create function storage.finish_import() returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    update public.artifact_versions set
        parent_version_id = parents.id,
        kept = storage.amend(artifact_versions.kept, 'storage.artifact_versions', array['parent_version_id'], '{}')
    from public.artifact_versions as parents
    where artifact_versions.parent_version_id is null
      and parents.id = (artifact_versions.kept -> 'storage.artifact_versions' -> 'parent_version_id' ->> 'was')::uuid
      and parents.id <> artifact_versions.id;

    with waiting as (
        select artifacts.id, artifacts.kept -> 'storage.artifacts' as entries, artifacts.versions_count,
            artifacts.current_version_id is null as lacks_version
        from public.artifacts
        where artifacts.kept -> 'storage.artifacts' ?| array[
                'forked_from_id', 'forked_from_owner_user_id', 'forked_from_version_id', 'origin_artifact_id',
                'origin_owner_user_id'
            ]
           or artifacts.current_version_id is null and artifacts.versions_count > 0
    ),
    found as (
        select waiting.id, waiting.entries, parents.id as forked_from_id, parent_owners.id as forked_from_owner_user_id,
            parent_versions.id as forked_from_version_id, origins.id as origin_artifact_id,
            origin_owners.id as origin_owner_user_id, versions.id as newest_version_id
        from waiting
        left join public.artifacts as parents
            on parents.id = (waiting.entries -> 'forked_from_id' ->> 'was')::uuid and parents.id <> waiting.id
        left join public.users as parent_owners
            on parent_owners.id = (waiting.entries -> 'forked_from_owner_user_id' ->> 'was')::uuid
        left join public.artifact_versions as parent_versions
            on parent_versions.id = (waiting.entries -> 'forked_from_version_id' ->> 'was')::uuid
        left join public.artifacts as origins
            on origins.id = (waiting.entries -> 'origin_artifact_id' ->> 'was')::uuid and origins.id <> waiting.id
        left join public.users as origin_owners
            on origin_owners.id = (waiting.entries -> 'origin_owner_user_id' ->> 'was')::uuid
        -- Where the current version is none that exists, the newest is to be seen, as of what the API makes.
        left join public.artifact_versions as versions
            on waiting.lacks_version
            and versions.artifact_id = waiting.id
            and versions.version_index = waiting.versions_count
    ),
    linked as (
        update public.artifacts set
            forked_from_id = coalesce(found.forked_from_id, artifacts.forked_from_id),
            forked_from_owner_user_id = coalesce(found.forked_from_owner_user_id, artifacts.forked_from_owner_user_id),
            forked_from_version_id = coalesce(found.forked_from_version_id, artifacts.forked_from_version_id),
            origin_artifact_id = coalesce(found.origin_artifact_id, artifacts.origin_artifact_id),
            origin_owner_user_id = coalesce(found.origin_owner_user_id, artifacts.origin_owner_user_id),
            current_version_id = coalesce(found.newest_version_id, artifacts.current_version_id),
            kept = storage.amend(
                artifacts.kept, 'storage.artifacts',
                array_remove(array[
                    case when found.forked_from_id is not null then 'forked_from_id' end,
                    case when found.forked_from_owner_user_id is not null then 'forked_from_owner_user_id' end,
                    case when found.forked_from_version_id is not null then 'forked_from_version_id' end,
                    case when found.origin_artifact_id is not null then 'origin_artifact_id' end,
                    case when found.origin_owner_user_id is not null then 'origin_owner_user_id' end
                ], null),
                storage.untouched(artifacts.kept, 'storage.artifacts', artifacts.updated_at)
                || case
                    when found.newest_version_id is null then '{}'
                    else jsonb_build_object('current_version_id', jsonb_build_object(
                        'was', found.entries -> 'current_version_id' -> 'was', 'is', found.newest_version_id
                    ))
                end
            )
        from found
        where found.id = artifacts.id
          and num_nonnulls(
              found.forked_from_id, found.forked_from_owner_user_id, found.forked_from_version_id, found.origin_artifact_id,
              found.origin_owner_user_id, found.newest_version_id
          ) > 0
        returning found.forked_from_id
    )
    -- Forks are counted as they are inserted, which these were without a parent.
    insert into public.artifact_counts (artifact_id, slot, forks)
    select linked.forked_from_id, 0, count(*)
    from linked
    where linked.forked_from_id is not null
    group by linked.forked_from_id
    order by linked.forked_from_id
    on conflict (artifact_id, slot) do update set forks = artifact_counts.forks + excluded.forks;

    -- All forks that were to come have come: from here on, those that are made are added to what was given.
    with unsettled as (
        select artifacts.id, artifacts.kept -> 'storage.artifacts' -> 'forks_count' -> 'was' as was, to_jsonb((
            select coalesce(sum(artifact_counts.forks), 0)
            from public.artifact_counts
            where artifact_counts.artifact_id = artifacts.id
        )) as forks
        from public.artifacts
        where artifacts.kept -> 'storage.artifacts' -> 'forks_count' -> 'is' = 'null'
    )
    update public.artifacts set
        kept = storage.amend(
            artifacts.kept, 'storage.artifacts', array['forks_count'],
            storage.untouched(artifacts.kept, 'storage.artifacts', artifacts.updated_at)
            || case
                when unsettled.was = unsettled.forks then '{}'
                else jsonb_build_object(
                    'forks_count', jsonb_build_object('was', unsettled.was, 'is', unsettled.forks)
                )
            end
        )
    from unsettled
    where unsettled.id = artifacts.id;
end;
$$;
comment on function storage.finish_import() is
    'Links what referred to rows that came later, and settles counts of forks. To be called at the end of an import, or again.';

select lens.publish('storage');
