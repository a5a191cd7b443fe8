create table artifact_merges (
    artifact_id uuid not null,
    version_index integer not null,
    source_version_id uuid,
    created_at timestamptz not null default now(),
    constraint artifact_merges_pkey primary key (artifact_id, version_index),
    constraint artifact_merges_version_fkey foreign key (artifact_id, version_index)
        references artifact_versions (artifact_id, version_index) on delete cascade,
    constraint artifact_merges_source_version_id_fkey foreign key (source_version_id) references artifact_versions (id)
        on delete set null
);
create index artifact_merges_source_version_id_idx on artifact_merges (source_version_id);
comment on table artifact_merges is
    'Which versions of a fork brought in a version of its source: the newest one is the base of the next merge; without any, that is what was forked.';
comment on column artifact_merges.artifact_id is 'The fork.';
comment on column artifact_merges.version_index is 'The version of the fork that the merge made.';
comment on column artifact_merges.source_version_id is 'The version of the source; null once it is gone.';

alter table artifact_merges enable row level security;
alter table artifact_merges force row level security;

grant select, insert on artifact_merges to atelier_api;
create policy artifact_merges_select on artifact_merges for select to atelier_api
    using (exists (
        select from artifacts where artifacts.id = artifact_id and artifacts.owner_user_id = (select auth.uid())
    ));
create policy artifact_merges_insert on artifact_merges for insert to atelier_api
    with check (exists (
        select from artifacts where artifacts.id = artifact_id and artifacts.owner_user_id = (select auth.uid())
    ));

grant select, delete on artifact_merges to atelier_jobs;
create policy artifact_merges_jobs on artifact_merges to atelier_jobs using (true);
grant select on artifact_merges to atelier_backup;
create policy artifact_merges_backup on artifact_merges for select to atelier_backup using (true);

-- Removing an artifact clears several columns of its forks one after another, and checked at once this one still named a
-- version that is gone already: no artifact with forks, and no account with such artifacts, could be removed.
alter table artifacts alter constraint artifacts_forked_from_version_id_fkey deferrable initially deferred;
