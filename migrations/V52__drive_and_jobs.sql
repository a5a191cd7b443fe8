-- Google Drive: who has connected it, what is to be done there, and what of it lies there by now.
create table drive_connections (
    user_id uuid not null,
    state text not null default 'connected',
    token bytea not null,
    key_id text not null,
    scope text not null,
    account_email text,
    page_token text,
    synced_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint drive_connections_pkey primary key (user_id),
    constraint drive_connections_state_check check (state in ('connected', 'needs_consent')),
    constraint drive_connections_user_id_fkey foreign key (user_id) references users (id) on delete cascade
);
create trigger drive_connections_touch before update on drive_connections for each row execute function touch();
comment on table drive_connections is 'Who has let Atelier write to their Google Drive, at most one account each.';
comment on column drive_connections.state is 'needs_consent once Google no longer takes the token: nothing is done until the user connects again.';
comment on column drive_connections.token is
    'The refresh token, sealed with AES-256-GCM: a nonce of 12 bytes, then the ciphertext with its tag, bound to the user. The key is in no database.';
comment on column drive_connections.key_id is 'Which of the keys in DRIVE_TOKEN_KEYS sealed the token.';
comment on column drive_connections.scope is 'What Google says the token may do, as in RFC 6749, section 3.3.';
comment on column drive_connections.account_email is 'Whose Drive it is, as Google says; null until the first sync.';
comment on column drive_connections.page_token is
    'Where the next look at Drive''s changes goes on; null where all files have to be looked at first.';
comment on column drive_connections.synced_at is 'When Drive''s changes were last seen to their end; null before the first time.';

alter table drive_files
    alter column drive_file_id drop not null,
    add column state text not null default 'synced',
    add column error text,
    add column trashed boolean not null default false,
    add column version_id uuid
        constraint drive_files_version_id_fkey references artifact_versions (id) on delete cascade,
    add column file_id uuid constraint drive_files_file_id_fkey references files (id) on update cascade on delete set null,
    add column blob_id uuid constraint drive_files_blob_id_fkey references blobs (id),
    add column folder_id text,
    add column uploaded bigint not null default 0,
    add constraint drive_files_state_check check (
        state in ('queued', 'uploading', 'synced', 'removed', 'failed') and (state <> 'synced' or drive_file_id is not null)
    ) not valid;
comment on column drive_files.drive_file_id is
    'Google Drive''s identifier; unique per user, as in aio. Drawn from Drive before the upload, so that a second one is refused there; null before.';
comment on column drive_files.synced_at is 'When this row was last what Drive says; null before the first time.';
comment on column drive_files.state is
    'queued, uploading, synced, removed (from Drive, by whomever) or failed. What comes from an import is synced.';
comment on column drive_files.error is 'Why it failed, or what it waits for: a word that the API documents; null where all is well.';
comment on column drive_files.trashed is 'Whether it lies in the trash of Drive.';
comment on column drive_files.version_id is 'Which version of the artifact was exported; null where an import did not say.';
comment on column drive_files.file_id is 'Which file of a container was exported; null where none was, or it is gone.';
comment on column drive_files.blob_id is 'The bytes of that file as they were, held until they are in Drive; null afterwards.';
comment on column drive_files.folder_id is 'The folder in Drive that it was to go to; null for the top.';
comment on column drive_files.uploaded is 'Bytes that Drive had of it at most, so far.';

create table jobs (
    id uuid not null default uuid_v7(),
    user_id uuid not null,
    kind text not null,
    export_id uuid,
    target text,
    secret bytea,
    key_id text,
    plan jsonb,
    state text not null default 'queued',
    attempts integer not null default 0,
    run_at timestamptz not null default now(),
    lease uuid,
    error text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint jobs_pkey primary key (id),
    constraint jobs_kind_check check (
        kind in ('drive_export', 'drive_sync', 'drive_delete', 'drive_revoke')
        and (kind = 'drive_export') = (export_id is not null)
        and (kind = 'drive_delete') = (target is not null)
    ),
    constraint jobs_state_check check (state in ('queued', 'waiting', 'failed') and (lease is null or state = 'queued')),
    constraint jobs_secret_check check ((secret is null) = (key_id is null)),
    constraint jobs_attempts_check check (attempts >= 0),
    constraint jobs_export_id_fkey foreign key (export_id) references drive_files (id) on update cascade on delete cascade
);
create index jobs_run_at_idx on jobs (run_at, id) where state = 'queued';
create index jobs_user_id_idx on jobs (user_id, kind);
create unique index jobs_export_id_key on jobs (export_id);
create unique index jobs_drive_sync_key on jobs (user_id) where kind = 'drive_sync';
create trigger jobs_touch before update on jobs for each row execute function touch();
comment on table jobs is
    'Work that takes longer than a request. A worker claims what is due, does it, and removes it; docs/drive.md says how.';
comment on column jobs.user_id is
    'Whose work it is; no foreign key, as a token is also revoked for an account that is removed.';
comment on column jobs.kind is 'What is to be done. A drive_sync stays, and is due again an hour after it was done.';
comment on column jobs.export_id is 'What a drive_export uploads.';
comment on column jobs.target is 'What a drive_delete removes: Google Drive''s identifier.';
comment on column jobs.secret is
    'Sealed as drive_connections.token is: of a drive_export the URL of its unfinished upload, of a drive_revoke the token. Null where there is none.';
comment on column jobs.key_id is 'Which key sealed the secret.';
comment on column jobs.plan is 'What the worker found out about the bytes to upload, so that it need not again; null before.';
comment on column jobs.state is 'queued; waiting for the user''s consent; or failed, which is kept for 30 days to be seen.';
comment on column jobs.attempts is 'How often it was claimed since it last got on.';
comment on column jobs.run_at is 'When it is due. While a worker has it: when that one''s lease ends, and another may take it.';
comment on column jobs.lease is 'The worker that has it, or had; drawn anew at each claim. Null where none does.';
comment on column jobs.error is 'What went wrong last, for the operator.';

create function revoke_drive_token() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.jobs (user_id, kind, secret, key_id) values (old.user_id, 'drive_revoke', old.token, old.key_id);
    return null;
end;
$$;
comment on function revoke_drive_token() is 'Has the token of a connection that is removed revoked, also where it goes with its account.';
create trigger drive_connections_revoke after delete on drive_connections
    for each row execute function revoke_drive_token();

do $$
declare
    new_table text;
begin
    foreach new_table in array array['drive_connections', 'jobs'] loop
        execute format('alter table %I enable row level security', new_table);
        execute format('alter table %I force row level security', new_table);
        execute format('create policy %I on %I to atelier_jobs using (true)', new_table || '_jobs', new_table);
        execute format('create policy %I on %I for select to atelier_backup using (true)', new_table || '_backup', new_table);
        execute format('grant select on %I to atelier_backup', new_table);
        execute format(
            'create policy %1$I on %2$I to atelier_api using (user_id = (select auth.uid()))', new_table || '_owner', new_table
        );
    end loop;
end;
$$;
-- The functions write secrets, and never read one.
grant select (user_id, state, key_id, scope, account_email, page_token, synced_at, created_at, updated_at) on drive_connections
    to atelier_api;
grant insert, delete, update (state, token, key_id, scope, account_email, page_token, synced_at) on drive_connections to atelier_api;
grant select, update (state, token, key_id, account_email, page_token, synced_at) on drive_connections to atelier_jobs;
grant select (id, user_id, kind, export_id, target, state, attempts, run_at, lease, error, created_at, updated_at) on jobs
    to atelier_api;
grant insert, delete, update (state, attempts, run_at) on jobs to atelier_api;
grant select, insert, delete, update (secret, key_id, plan, state, attempts, run_at, lease, error) on jobs to atelier_jobs;
grant insert on jobs to atelier_system;
create policy jobs_system on jobs for insert to atelier_system with check (true);
grant update (state, error) on drive_files to atelier_api;
grant update (drive_file_id, name, mime_type, file_size, synced_at, state, error, trashed, blob_id, uploaded) on drive_files
    to atelier_jobs;
grant execute on function text_bases(uuid[]) to atelier_jobs;

grant create on schema public to atelier_system;
alter function revoke_drive_token() owner to atelier_system;
revoke create on schema public from atelier_system;
revoke execute on function revoke_drive_token() from public;

-- The document knows only what lies in Drive.
create or replace view aio.google_drive_files as
select
    drive_files.id,
    drive_files.user_id,
    drive_files.artifact_id,
    drive_files.drive_file_id,
    drive_files.name,
    drive_files.mime_type,
    lens.shown(drive_files.kept -> 'aio.google_drive_files' -> 'file_size', drive_files.file_size) as file_size,
    lens.shown(drive_files.kept -> 'aio.google_drive_files' -> 'synced_at', drive_files.synced_at) as synced_at
from public.drive_files
where drive_files.state = 'synced';
