-- For a superuser's session: what each actor may do to each row. Nothing of it outlives the session.

-- Whom the matrix knows. The migrator is the owner of the schema.
create temp table actors (
    position integer generated always as identity,
    actor text primary key,
    role name not null,
    user_id uuid,
    is_superuser boolean not null default false
);
insert into actors (actor, role, user_id, is_superuser) values
    ('owner', 'atelier_api', md5('ada')::uuid, false),
    ('other', 'atelier_api', md5('bob')::uuid, false),
    ('anonymous', 'atelier_api', null, false),
    ('superuser', 'atelier_api', md5('cleo')::uuid, true),
    ('jobs', 'atelier_jobs', null, false),
    ('backup', 'atelier_backup', null, false),
    ('system', 'atelier_system', null, false),
    ('lenses', 'atelier_lenses', null, false),
    ('reader', 'atelier_reader', null, false),
    ('importer', 'atelier_importer', null, false);
insert into actors (actor, role)
select 'migrator', pg_get_userbyid(relowner) from pg_class where oid = 'users'::regclass;

-- Every table that is ours. The key is an expression for the primary key as text.
create temp view tables as
select
    pg_class.oid::regclass as relation,
    (
        select 'concat_ws('','', ' || string_agg(quote_ident(attname) || '::text', ', ' order by attnum) || ')'
        from pg_index
        join pg_attribute on attrelid = indrelid and attnum = any (indkey)
        where indrelid = pg_class.oid and indisprimary
    ) as key
from pg_class
where relkind in ('r', 'p')
  and relnamespace not in (select oid from pg_namespace where nspname ~ '^pg_' or nspname = 'information_schema')
  and pg_class.oid <> 'refinery_schema_history'::regclass;

-- Rows that are there, and rows that each actor tries to insert: filled from fixtures.sql.
create temp table fixtures (
    position integer generated always as identity,
    relation regclass,
    label text,
    columns jsonb not null,
    key text,
    primary key (relation, label)
);
create temp table attempts (like fixtures including all);

-- "@ada" is the id that is made of a label, "#ada" a SHA-256. The id is added where the table has one.
create function pg_temp.resolve(relation regclass, id text, columns jsonb) returns jsonb
language sql
as $$
    select jsonb_object_agg(
        key,
        case left(value #>> '{}', 1)
            when '@' then to_jsonb(md5(substr(value #>> '{}', 2))::uuid)
            when '#' then to_jsonb(sha256(convert_to(value #>> '{}', 'utf8')))
            else value
        end
    )
    from (
        select 'id' as key, to_jsonb('@' || id) as value
        from pg_attribute
        where attrelid = relation and attname = 'id' and not columns ? 'id'
        union all
        select * from jsonb_each(columns)
    ) as named
$$;

-- An insert of one row, whose columns are the parameter $1.
create function pg_temp.insertion(relation regclass, columns jsonb) returns text
language sql
as $$
    select format(
        'insert into %1$s (%2$s) select %2$s from jsonb_populate_record(null::%1$s, $1)',
        relation,
        string_agg(quote_ident(key), ', ')
    )
    from jsonb_object_keys(columns) as key
$$;

-- Puts the fixtures into their tables: with constraints, without what triggers would add.
create function pg_temp.load() returns void
language plpgsql
as $$
declare
    each_table record;
    fixture record;
begin
    update fixtures set columns = pg_temp.resolve(relation, label, columns);
    update attempts set columns = pg_temp.resolve(relation, 'new_' || label, columns);
    for each_table in select relation from tables loop
        execute format('alter table %s disable trigger user', each_table.relation);
    end loop;
    for fixture in
        select position, relation, columns, tables.key from fixtures join tables using (relation) order by position
    loop
        execute format(
            'with added as (%s returning %s as key) update fixtures set key = added.key from added where position = $2',
            pg_temp.insertion(fixture.relation, fixture.columns),
            fixture.key
        ) using fixture.columns, fixture.position;
    end loop;
    set constraints all immediate;
    for each_table in select relation from tables loop
        execute format('alter table %s enable trigger user', each_table.relation);
    end loop;
end;
$$;

-- Runs a statement as an actor, undoes it, and gives the keys that it found; null where a right is missing.
create function pg_temp.found(actor actors, statement text, columns jsonb default null) returns text[]
language plpgsql
as $$
declare
    keys text[];
begin
    perform set_config('app.user_id', coalesce(actor.user_id::text, ''), true);
    perform set_config('app.is_superuser', actor.is_superuser::text, true);
    perform set_config('role', actor.role, true);
    execute statement into keys using columns;
    raise exception using errcode = 'UNDO0';
exception
    when sqlstate 'UNDO0' then
        return coalesce(keys, '{}');
    when insufficient_privilege then
        return null;
end;
$$;

-- Labels as one reads them: all, none, what there is, or what there is not, whichever is shorter.
create function pg_temp.told(present text[], everything text[]) returns text
language sql
as $$
    select case
        when present is null then 'denied'
        when present = '{}' then 'none'
        when missing is null then 'all'
        when cardinality(missing) < cardinality(present) then 'all but ' || array_to_string(missing, ' ')
        else array_to_string(present, ' ')
    end
    from (
        select array_agg(label order by position) filter (where label <> all (present)) as missing
        from unnest(everything) with ordinality as each_label (label, position)
    ) as rest
$$;

-- Keys as the labels of their rows, in the order of the fixtures; a row that is no fixture goes by its key.
create function pg_temp.labels(of_relation regclass, keys text[]) returns text[]
language sql
as $$
    select case when keys is not null then
        coalesce(array_agg(coalesce(label, found.key) order by position, found.key), '{}')
    end
    from unnest(keys) as found (key)
    left join fixtures on relation = of_relation and fixtures.key = found.key
$$;

-- Which rows a command of an actor reaches, by their labels; null where the right to it was never granted.
create function pg_temp.reached(actor actors, command text, of_table tables, keys text[]) returns text[]
language plpgsql
as $$
declare
    reached text[] := '{}';
    attempt record;
    each_key text;
    assignments text;
begin
    if command = 'select' then
        return pg_temp.labels(of_table.relation, pg_temp.found(
            actor, format('select array_agg(%s) from %s', of_table.key, of_table.relation)
        ));
    elsif command = 'delete' then
        return pg_temp.labels(of_table.relation, pg_temp.found(
            actor,
            format(
                'with gone as (delete from %s returning %s as key) select array_agg(key) from gone',
                of_table.relation, of_table.key
            )
        ));
    elsif not (
        has_schema_privilege(actor.role, (select relnamespace from pg_class where oid = of_table.relation), 'usage')
        and has_any_column_privilege(actor.role, of_table.relation, command)
    ) then
        return null;
    elsif command = 'insert' then
        for attempt in select * from attempts where relation = of_table.relation order by position loop
            if pg_temp.found(
                actor,
                format('with added as (%s) select null::text[]', pg_temp.insertion(of_table.relation, attempt.columns)),
                attempt.columns
            ) is not null then
                reached := reached || attempt.label;
            end if;
        end loop;
        return reached;
    end if;
    -- Every column that may be updated, with what it holds as far as that may be read. Row by row: a refused one takes the
    -- statement with it.
    select string_agg(
        format(
            case
                when has_column_privilege(actor.role, attrelid, attnum, 'select') then '%1$I = %1$I'
                when attnotnull and not atthasdef then '%1$I = '''''
                else '%1$I = default'
            end,
            attname
        ),
        ', '
    )
    into assignments
    from pg_attribute
    where attrelid = of_table.relation and attnum > 0 and not attisdropped and attgenerated = ''
      and has_column_privilege(actor.role, attrelid, attnum, 'update');
    foreach each_key in array keys loop
        reached := reached || pg_temp.found(
            actor,
            format(
                'with changed as (update %1$s set %2$s where %3$s = %4$L returning %3$s as key)
                 select array_agg(key) from changed',
                of_table.relation, assignments, of_table.key, each_key
            )
        );
    end loop;
    return pg_temp.labels(of_table.relation, reached);
end;
$$;

-- The matrix: of all tables and actors, or of one table and whoever is, by membership too, one of some roles.
create function pg_temp.matrix(of_relation regclass default null, of_roles name[] default null) returns table (
    relation regclass, actor text, command text, reached text
)
language plpgsql
as $$
#variable_conflict use_column
declare
    each_table tables;
    each_actor actors;
    keys text[];
    everything text[];
begin
    -- Foreign keys and triggers would speak where only policies and grants are asked.
    set session_replication_role = replica;
    for each_table in select * from tables where of_relation is null or relation = of_relation loop
        relation := each_table.relation;
        execute format('select coalesce(array_agg(%s), ''{}'') from %s', each_table.key, relation) into keys;
        foreach command in array array['select', 'insert', 'update', 'delete'] loop
            everything := pg_temp.labels(relation, keys);
            if command = 'insert' then
                select array_agg(label order by position) into everything
                from attempts
                where attempts.relation = each_table.relation;
            end if;
            -- Policies for select do not hold a statement that reads no column, such as a delete without a condition.
            -- So all rows are shown to all while it is asked who may change them.
            if command = 'update' then
                execute format('create policy shown_to_all on %s for select using (true)', relation);
            end if;
            for each_actor in
                select * from actors
                where of_roles is null
                   or exists (select from unnest(of_roles) as each_role where pg_has_role(role, each_role, 'usage'))
            loop
                actor := each_actor.actor;
                reached := pg_temp.told(pg_temp.reached(each_actor, command, each_table, keys), everything);
                return next;
            end loop;
        end loop;
        execute format('drop policy shown_to_all on %s', relation);
    end loop;
    set session_replication_role = origin;
end;
$$;

-- What makes no difference to the matrix of its table: dropping a policy, or letting it pass all rows.
create function pg_temp.unnoticed() returns setof text
language plpgsql
as $$
declare
    harm record;
    is_noticed boolean;
begin
    create temp table whole as select * from pg_temp.matrix();
    for harm in
        select
            polrelid::regclass as relation,
            array(select rolname from pg_roles where oid = any (polroles)) as roles,
            statement
        from pg_policy
        cross join lateral (
            values
                (true, format('drop policy %I on %s', polname, polrelid::regclass)),
                (
                    -- A policy for updates with a check of its own passes no more rows than that one.
                    pg_get_expr(polqual, polrelid) <> 'true' and not (polcmd = 'w' and polwithcheck is not null),
                    format('alter policy %I on %s using (true)', polname, polrelid::regclass)
                ),
                (
                    -- Updates change nothing here: tests/policies.rs tries the one whose check is about what changes.
                    pg_get_expr(polwithcheck, polrelid) <> 'true' and polname <> 'artifact_media_update',
                    format('alter policy %I on %s with check (true)', polname, polrelid::regclass)
                )
        ) as harm (is_possible, statement)
        where is_possible
    loop
        begin
            execute harm.statement;
            is_noticed := exists (select * from pg_temp.matrix(harm.relation, harm.roles) except select * from whole);
            raise exception using errcode = 'UNDO0';
        exception
            when sqlstate 'UNDO0' then
                if not is_noticed then
                    return next harm.statement;
                end if;
        end;
    end loop;
    drop table whole;
end;
$$;
