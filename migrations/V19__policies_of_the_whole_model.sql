-- The index with the container takes over, under the name that functions know.
alter table chats drop constraint chats_external_key_key;
alter index chats_container_external_key_key rename to chats_external_key_key;

do $$
declare
    new_table text;
begin
    foreach new_table in array array[
        'containers', 'files', 'message_artifacts', 'generation_runs', 'artifact_records', 'documents', 'items', 'tool_usage',
        'drive_files', 'identities', 'artifact_comments', 'artifact_imports', 'retention_policies', 'events'
    ] loop
        execute format('alter table %I enable row level security', new_table);
        execute format('alter table %I force row level security', new_table);
    end loop;
end;
$$;

-- Whoever signs in is checked by auth.password_hash(): no hash leaves the database otherwise.
revoke select on users from atelier_api;
grant select (
    id, email, name, given_name, family_name, preferences, is_active, is_superuser, last_login_at, revision, created_at, updated_at
) on users to atelier_api;
create policy users_superuser on users for select to atelier_api using ((select auth.is_superuser()));

grant select, insert, delete on containers to atelier_api;
grant update (name, status, image_name, assigned_port, url, labels, metadata, started_at, stopped_at) on containers to atelier_api;
create policy containers_owner on containers to atelier_api using (user_id = (select auth.uid()));

alter policy chats_owner on chats with check (
    user_id = (select auth.uid())
    and (container_id is null or exists (select from containers where containers.id = chats.container_id))
);

grant select, insert, delete on files to atelier_api;
grant update (file_path, file_name, file_size, mime_type, blob_id, is_deleted) on files to atelier_api;
create policy files_owner on files to atelier_api using (user_id = (select auth.uid()));

grant insert, delete on projects to atelier_api;
grant update (name, description, type, status, container_id, chat_id, metadata, settings) on projects to atelier_api;
create policy projects_insert on projects for insert to atelier_api with check (
    owner_id = (select auth.uid())
    and (container_id is null or exists (select from containers where containers.id = projects.container_id))
);
create policy projects_update on projects for update to atelier_api using (owner_id = (select auth.uid())) with check (
    owner_id = (select auth.uid())
    and (container_id is null or exists (select from containers where containers.id = projects.container_id))
);
create policy projects_delete on projects for delete to atelier_api using (owner_id = (select auth.uid()));

grant select, insert, delete, update (payload, blob_id) on message_artifacts to atelier_api;
create policy message_artifacts_owner on message_artifacts to atelier_api using (user_id = (select auth.uid()));

grant select, insert, delete on generation_runs to atelier_api;
grant update (status, error, requirements_at, architecture_at, implementer_at, reviewer_at, finished_at, reported_at)
    on generation_runs to atelier_api;
create policy generation_runs_owner on generation_runs to atelier_api using (user_id = (select auth.uid()));

grant select, insert, delete on artifact_records to atelier_api;
create policy artifact_records_owner on artifact_records to atelier_api using (user_id = (select auth.uid()));

grant select, insert, delete on documents to atelier_api;
create policy documents_owner on documents to atelier_api using (user_id = (select auth.uid())) with check (
    user_id = (select auth.uid())
    and (project_id is null or exists (select from projects where projects.id = documents.project_id))
);

grant select, insert, delete, update (title, description) on items to atelier_api;
create policy items_owner on items to atelier_api using (owner_id = (select auth.uid()));

grant select, insert on tool_usage to atelier_api;
create policy tool_usage_select on tool_usage for select to atelier_api using (user_id = (select auth.uid()));
create policy tool_usage_insert on tool_usage for insert to atelier_api with check (
    user_id = (select auth.uid())
    and (artifact_id is null or exists (select from artifacts where artifacts.id = artifact_id))
);

grant select, insert, delete, update (artifact_id, name, mime_type, file_size, synced_at) on drive_files to atelier_api;
create policy drive_files_owner on drive_files to atelier_api using (user_id = (select auth.uid())) with check (
    user_id = (select auth.uid())
    and (artifact_id is null or exists (select from artifacts where artifacts.id = artifact_id))
);

grant select, delete on identities to atelier_api;
create policy identities_select on identities for select to atelier_api using (user_id = (select auth.uid()));
create policy identities_delete on identities for delete to atelier_api using (user_id = (select auth.uid()));

-- What shows a blob or counts a fork must not be made by naming one that the caller does not see. Volatile functions, because
-- policies that read each other's tables by themselves would recurse.
create function sees_blob(blob_id uuid) returns boolean
language plpgsql volatile
as $$
begin
    return blob_id is null or exists (select from blobs where blobs.id = sees_blob.blob_id);
end;
$$;
comment on function sees_blob(uuid) is 'Whether the caller sees the blob; true for null.';
create function sees_artifact(artifact_id uuid) returns boolean
language plpgsql volatile
as $$
begin
    return artifact_id is null or exists (select from artifacts where artifacts.id = sees_artifact.artifact_id);
end;
$$;
comment on function sees_artifact(uuid) is 'Whether the caller sees the artifact; true for null.';
alter policy artifacts_insert on artifacts
    with check (owner_user_id = (select auth.uid()) and sees_artifact(forked_from_id));
alter policy artifact_files_insert on artifact_files with check (
    sees_blob(blob_id)
    and exists (select from artifacts where artifacts.id = artifact_id and artifacts.owner_user_id = (select auth.uid()))
);
alter policy artifact_media_insert on artifact_media with check (
    sees_blob(screenshot_blob_id)
    and sees_blob(thumb_blob_id)
    and exists (select from artifacts where artifacts.id = artifact_id and artifacts.owner_user_id = (select auth.uid()))
);
alter policy artifact_media_update on artifact_media with check (
    sees_blob(screenshot_blob_id)
    and sees_blob(thumb_blob_id)
    and exists (select from artifacts where artifacts.id = artifact_id and artifacts.owner_user_id = (select auth.uid()))
);
revoke update on artifact_media from atelier_api;
grant update (screenshot_blob_id, thumb_blob_id) on artifact_media to atelier_api;

-- Whoever sees an artifact sees its likes and comments, and may add their own.
grant insert, delete on artifact_likes to atelier_api;
create policy artifact_likes_insert on artifact_likes for insert to atelier_api with check (
    user_id = (select auth.uid()) and exists (select from artifacts where artifacts.id = artifact_id)
);
create policy artifact_likes_delete on artifact_likes for delete to atelier_api using (user_id = (select auth.uid()));

grant select, insert, delete, update (body) on artifact_comments to atelier_api;
create policy artifact_comments_select on artifact_comments for select to atelier_api
    using (exists (select from artifacts where artifacts.id = artifact_id));
create policy artifact_comments_insert on artifact_comments for insert to atelier_api with check (
    user_id = (select auth.uid()) and exists (select from artifacts where artifacts.id = artifact_id)
);
create policy artifact_comments_update on artifact_comments for update to atelier_api using (user_id = (select auth.uid()));
create policy artifact_comments_delete on artifact_comments for delete to atelier_api using (
    user_id = (select auth.uid())
    or exists (select from artifacts where artifacts.id = artifact_id and artifacts.owner_user_id = (select auth.uid()))
);

grant select, insert, delete, update (project_id) on artifact_imports to atelier_api;
create policy artifact_imports_owner on artifact_imports to atelier_api using (user_id = (select auth.uid())) with check (
    user_id = (select auth.uid()) and exists (select from artifacts where artifacts.id = artifact_id)
);

grant select, update (action, keep, is_enabled) on retention_policies to atelier_api;
create policy retention_policies_select on retention_policies for select to atelier_api using ((select auth.is_superuser()));
create policy retention_policies_update on retention_policies for update to atelier_api using ((select auth.is_superuser()));

grant select on events to atelier_api;
create policy events_select on events for select to atelier_api
    using (user_id = (select auth.uid()) or (select auth.is_superuser()));

-- Whoever runs schedules and backups sees every row of every table; what they may do to it, grants say.
do $$
declare
    each_table record;
begin
    for each_table in
        select relname as name
        from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> 'refinery_schema_history'
        order by relname
    loop
        execute format('create policy %I on %I to atelier_jobs using (true)', each_table.name || '_jobs', each_table.name);
        execute format(
            'create policy %I on %I for select to atelier_backup using (true)', each_table.name || '_backup', each_table.name
        );
        execute format('create policy %I on %I to atelier_lenses using (true)', each_table.name || '_lenses', each_table.name);
        execute format('grant select, delete on %I to atelier_jobs', each_table.name);
        execute format('grant select on %I to atelier_backup', each_table.name);
        execute format('grant select, insert, update, delete on %I to atelier_lenses', each_table.name);
    end loop;
end;
$$;
grant select on refinery_schema_history to atelier_backup;
grant update (archived_at) on messages to atelier_jobs;
grant update (status, error, finished_at) on generation_runs to atelier_jobs;
grant insert on events to atelier_jobs;
revoke delete on retention_policies from atelier_jobs;
-- Of an account a schedule must know how long nobody has used it, and no hash.
revoke select on users from atelier_jobs;
grant select (id, is_active, is_superuser, last_login_at, created_at, updated_at) on users to atelier_jobs;
-- The lenses have no place for these.
revoke all on idempotency_keys, identities, retention_policies, events, uploads from atelier_lenses;
drop policy events_lenses on events;
drop policy idempotency_keys_lenses on idempotency_keys;
drop policy identities_lenses on identities;
drop policy retention_policies_lenses on retention_policies;
drop policy uploads_lenses on uploads;
