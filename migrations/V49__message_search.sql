create function search_terms(part text, is_prefix boolean, in_order boolean) returns tsquery
language plpgsql immutable parallel safe
set client_min_messages = warning
as $$
declare
    form text;
    terms tsquery := '';
begin
    for form in
        select distinct public.search_text(spelt)
        from unnest(array[part, regexp_replace(normalize(part, NFKD), '[\u0300-\u036f]', '', 'g')]) as spelt
    loop
        terms := terms || case
            when is_prefix then to_tsquery('simple', '''' || translate(form, '''\', '  ') || ''':*')
            when in_order then phraseto_tsquery('simple', form)
            else plainto_tsquery('simple', form)
        end;
    end loop;
    return terms;
end;
$$;
comment on function search_terms(text, boolean, boolean) is
    'What to look for in search_vector(): the words of a part of a search, with their accents or without, in this order or in any. Empty where the part has none.';

create function search_messages(
    parts text[],
    prefixes text[],
    exclusions text[],
    in_chat uuid,
    of_role text,
    since timestamptz,
    until timestamptz,
    after_rank real,
    after_id uuid,
    page_size bigint
) returns table (message_id uuid, rank real)
language plpgsql stable security definer rows 51
set search_path = pg_catalog, pg_temp
as $$
declare
    part text;
    excluded tsquery;
    exact tsquery := '';
    indexed tsquery := '';
begin
    foreach part in array search_messages.parts loop
        exact := exact && public.search_terms(part, false, true);
        indexed := indexed && public.search_terms(part, false, false);
    end loop;
    foreach part in array search_messages.prefixes loop
        exact := exact && public.search_terms(part, true, true);
        indexed := indexed && public.search_terms(part, true, true);
    end loop;
    if numnode(exact) = 0 then
        return;
    end if;
    foreach part in array search_messages.exclusions loop
        excluded := public.search_terms(part, false, true);
        exact := exact && !! excluded;
        -- The index knows where a word is missing, but not where one does not follow another.
        if excluded = public.search_terms(part, false, false) then
            indexed := indexed && !! excluded;
        end if;
    end loop;
    -- The order of words, and how they lie together, takes each text: which are read is bounded, newest first.
    return query
    with candidates as materialized (
        select messages.id, messages.created_at, least(octet_length(messages.content), 400000)::bigint as size
        from public.messages
        where messages.user_id = (select auth.uid())
          and messages.archived_at is null
          and public.search_vector(messages.content) @@ indexed
          and (search_messages.in_chat is null or messages.chat_id = search_messages.in_chat)
          and (search_messages.of_role is null or messages.role = search_messages.of_role)
          and (search_messages.since is null or messages.created_at >= search_messages.since)
          and (search_messages.until is null or messages.created_at < search_messages.until)
    ),
    examined as (
        select
            candidates.id, candidates.created_at,
            sum(candidates.size) over (
                order by candidates.created_at desc, candidates.id desc rows unbounded preceding
            ) - candidates.size as size_before
        from candidates
    ),
    matches as (
        select examined.id, vectors.vector
        from examined
        cross join lateral (
            select public.search_vector(messages.content) as vector
            from public.messages
            where messages.id = examined.id
            offset 0
        ) vectors
        where examined.size_before < 8388608 and vectors.vector @@ exact
        order by examined.created_at desc, examined.id desc
        limit 1000
    ),
    ranked as (
        select matches.id, ts_rank_cd(matches.vector, exact, 1) as rank from matches
    )
    select ranked.id, ranked.rank
    from ranked
    where search_messages.after_rank is null
       or (ranked.rank, ranked.id) < (search_messages.after_rank, search_messages.after_id)
    order by ranked.rank desc, ranked.id desc
    limit search_messages.page_size;
end;
$$;
comment on function search_messages(text[], text[], text[], uuid, text, timestamptz, timestamptz, real, uuid, bigint) is
    'The caller''s messages that have all parts, each a word or a phrase, all prefixes, and none of the exclusions: the best of the newest 1,000, after this rank and id. Behind a function, because @@ is not leakproof: under row level security it could not use the index.';
grant select (id, chat_id, user_id, role, content, created_at, archived_at) on messages to atelier_system;
grant create on schema public to atelier_system;
alter function search_messages(text[], text[], text[], uuid, text, timestamptz, timestamptz, real, uuid, bigint)
    owner to atelier_system;
revoke create on schema public from atelier_system;
revoke execute on function search_messages(text[], text[], text[], uuid, text, timestamptz, timestamptz, real, uuid, bigint)
    from public;
grant execute on function search_messages(text[], text[], text[], uuid, text, timestamptz, timestamptz, real, uuid, bigint)
    to atelier_api;

-- Answers to a message that is deleted go on to what it answered itself.
grant update (parent_id) on messages to atelier_api;
comment on column messages.parent_id is
    'The message this one answers or revises; siblings are branches. Null for a beginning.';
