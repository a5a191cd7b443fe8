create function project_is_open(project_id uuid) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    project_status text := (select projects.status from public.projects where projects.id = project_id);
begin
    if project_status = 'archived' then
        perform public.refuse('archived');
    end if;
    return project_is_open.project_id is null or coalesce(project_status, 'deleted') <> 'deleted';
end;
$$;
comment on function project_is_open(uuid) is
    'Whether what belongs to a project may be changed: false where the project is deleted or not the caller''s, the problem archived where it is archived. True without a project.';

create function fail_silent_runs(older_than interval, at_most integer) returns bigint
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
    with silent as (
        select generation_runs.id
        from public.generation_runs
        where generation_runs.status not in ('completed', 'failed') and generation_runs.reported_at < now() - older_than
        order by generation_runs.reported_at
        limit at_most
        for no key update skip locked
    ),
    failed as (
        update public.generation_runs set status = 'failed', error = 'The run stopped reporting.', finished_at = now()
        from silent
        where generation_runs.id = silent.id
        returning generation_runs.id
    )
    select count(*) from failed
$$;
comment on function fail_silent_runs(interval, integer) is
    'Takes runs for failed that were not heard of for so long, the most silent first, at most so many; gives how many. Runs that report at this moment are passed over.';
revoke execute on function fail_silent_runs(interval, integer) from public;
grant execute on function fail_silent_runs(interval, integer) to atelier_jobs;

-- A chat works in a sandbox of its owner's.
grant update (container_id) on chats to atelier_api;
