-- Existing tables get columns without a default, so that no row is rewritten, and constraints that are validated later.

create table containers (
    id uuid not null default uuid_v7(),
    user_id uuid not null,
    container_id text not null,
    name text not null,
    status text not null default 'created',
    image_name text,
    assigned_port integer,
    url text,
    labels jsonb not null default '{}',
    metadata jsonb not null default '{}',
    started_at timestamptz,
    stopped_at timestamptz,
    kept jsonb,
    revision bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint containers_pkey primary key (id),
    constraint containers_id_user_id_key unique (id, user_id),
    constraint containers_container_id_key unique (container_id),
    constraint containers_status_check check (status in ('created', 'running', 'stopped', 'deleted')),
    constraint containers_assigned_port_check check (assigned_port between 1 and 65535),
    constraint containers_labels_check check (jsonb_typeof(labels) = 'object'),
    constraint containers_metadata_check check (jsonb_typeof(metadata) = 'object'),
    constraint containers_user_id_fkey foreign key (user_id) references users (id) on delete cascade
);
create index containers_user_id_idx on containers (user_id, created_at desc, id desc);
create index containers_active_idx on containers (created_at desc, id desc) where status in ('running', 'created');
create unique index containers_assigned_port_key on containers (assigned_port) where status in ('running', 'created');
create trigger containers_touch before update on containers for each row execute function touch_revision();
comment on table containers is 'Sandboxes that run generated apps: containers of december.';
comment on column containers.container_id is 'The runtime''s own name for it, such as Docker''s.';
comment on column containers.assigned_port is 'TCP port on the host; no two live containers have the same.';
comment on column containers.url is 'Where the running app answers. It is the sandbox''s address, no place where bytes are stored.';
comment on column containers.labels is 'What the runtime labels it with, by name.';
comment on column containers.metadata is 'Whatever the client keeps with it.';

create table files (
    id uuid not null default uuid_v7(),
    container_id uuid not null,
    user_id uuid not null,
    file_path text not null,
    file_name text not null,
    file_size bigint,
    mime_type text,
    blob_id uuid,
    is_deleted boolean not null default false,
    kept jsonb,
    revision bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint files_pkey primary key (id),
    constraint files_file_size_check check (file_size >= 0),
    constraint files_container_id_fkey foreign key (container_id, user_id) references containers (id, user_id)
        on update cascade on delete cascade,
    constraint files_blob_id_fkey foreign key (blob_id) references blobs (id)
);
create unique index files_file_path_key on files (container_id, file_path) where not is_deleted;
create index files_container_id_idx on files (container_id, file_path text_pattern_ops, id);
create index files_user_id_idx on files (user_id);
create index files_blob_id_idx on files (blob_id);
create trigger files_touch before update on files for each row execute function touch_revision();
comment on table files is 'The file tree of a container: file_storage of december.';
comment on column files.user_id is 'The owner of the container.';
comment on column files.file_size is 'Bytes; null where the source of an import did not say.';
comment on column files.blob_id is 'The bytes; null where the source of an import had none.';
comment on column files.is_deleted is 'Deleted files stay as history; of the others there is one a path.';

alter table projects
    add column container_id uuid,
    add column kept jsonb,
    add constraint projects_container_id_fkey foreign key (container_id) references containers (id) on delete set null
        not valid;
comment on table projects is 'What is being built: PROJECT of craftlive, projects of december.';
comment on column projects.chat_id is 'The chat it came out of, the [chat-thread:ID] marker of craftlive; a chat has one project.';
comment on column projects.type is 'The framework: nextjs, react, vue, ...; free text.';

alter table chats
    add column container_id uuid,
    add column kept jsonb,
    add constraint chats_container_id_fkey foreign key (container_id) references containers (id) on delete set null
        not valid;
comment on column chats.external_key is 'The caller''s own name for the conversation, unique among theirs in the same container.';
comment on column chats.container_id is 'The sandbox that the chat works in.';

alter table messages
    add column archived_at timestamptz,
    add column kept jsonb;
comment on column messages.archived_at is 'Since when it is no longer searched. It stays in its chat, and is counted as before.';

alter table message_attachments
    alter column blob_id drop not null,
    add column kept jsonb;
comment on table message_attachments is 'MESSAGE_ATTACHMENT of craftlive, attachments of december.';
comment on column message_attachments.blob_id is 'The bytes; null where the source of an import had none.';
comment on column message_attachments.size_bytes is 'Bytes.';

create table message_artifacts (
    id uuid not null default uuid_v7(),
    message_id uuid not null,
    user_id uuid not null,
    payload jsonb not null default '{}',
    blob_id uuid,
    kept jsonb,
    revision bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint message_artifacts_pkey primary key (id),
    constraint message_artifacts_message_id_key unique (message_id),
    constraint message_artifacts_message_id_fkey foreign key (message_id, user_id) references messages (id, user_id)
        on delete cascade,
    constraint message_artifacts_blob_id_fkey foreign key (blob_id) references blobs (id)
);
create index message_artifacts_user_id_idx on message_artifacts (user_id);
create index message_artifacts_blob_id_idx on message_artifacts (blob_id);
create trigger message_artifacts_touch before update on message_artifacts for each row execute function touch_revision();
comment on table message_artifacts is 'What a message made: MESSAGE_ARTIFACT of craftlive. At most one a message.';
comment on column message_artifacts.payload is 'requirementsArtifact, architectureArtifact, generatedFileMap and the like.';
comment on column message_artifacts.blob_id is 'The generatedFileMap where it is large, as JSON; else null.';

create table generation_runs (
    id uuid not null default uuid_v7(),
    project_id uuid not null,
    user_id uuid not null,
    status text not null default 'pending',
    error text,
    prompt text not null default '',
    prompt_blob_id uuid,
    requirements_at timestamptz,
    architecture_at timestamptz,
    implementer_at timestamptz,
    reviewer_at timestamptz,
    finished_at timestamptz,
    reported_at timestamptz not null default now(),
    kept jsonb,
    revision bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint generation_runs_pkey primary key (id),
    constraint generation_runs_id_user_id_key unique (id, user_id),
    constraint generation_runs_status_check check (
        status in ('pending', 'requirements', 'architecture', 'implementer', 'reviewer', 'completed', 'failed')
    ),
    constraint generation_runs_prompt_check check (length(prompt) <= 5000),
    constraint generation_runs_project_id_fkey foreign key (project_id, user_id) references projects (id, owner_id)
        on update cascade on delete cascade,
    constraint generation_runs_prompt_blob_id_fkey foreign key (prompt_blob_id) references blobs (id)
);
create index generation_runs_project_id_idx on generation_runs (project_id, created_at desc, id desc);
create index generation_runs_user_id_idx on generation_runs (user_id, created_at desc, id desc);
create index generation_runs_reported_at_idx on generation_runs (reported_at) where status not in ('completed', 'failed');
create index generation_runs_prompt_blob_id_idx on generation_runs (prompt_blob_id);
create trigger generation_runs_touch before update on generation_runs for each row execute function touch_revision();
comment on table generation_runs is 'One pass of the generator over a project: GENERATION_RUN of craftlive.';
comment on column generation_runs.prompt is 'The first 5,000 characters.';
comment on column generation_runs.prompt_blob_id is 'The whole prompt where it is longer; else null.';
comment on column generation_runs.requirements_at is 'When this stage began; null before.';
comment on column generation_runs.reported_at is 'When it was last heard of: one that stays silent is taken for failed.';

create table artifact_records (
    id uuid not null default uuid_v7(),
    run_id uuid not null,
    user_id uuid not null,
    stage text not null,
    content jsonb not null default '{}',
    bundle_blob_id uuid,
    kept jsonb,
    created_at timestamptz not null default now(),
    constraint artifact_records_pkey primary key (id),
    constraint artifact_records_stage_check check (
        stage ~ '^(requirements|architecture|implementer|deterministic_tests|test_generation|(reviewer_pass|sandbox_tests_attempt)_[0-9]{1,4})$'
    ),
    constraint artifact_records_run_id_fkey foreign key (run_id, user_id) references generation_runs (id, user_id)
        on update cascade on delete cascade,
    constraint artifact_records_bundle_blob_id_fkey foreign key (bundle_blob_id) references blobs (id)
);
create index artifact_records_run_id_idx on artifact_records (run_id, created_at desc, id desc);
create index artifact_records_user_id_idx on artifact_records (user_id);
create index artifact_records_bundle_blob_id_idx on artifact_records (bundle_blob_id);
comment on table artifact_records is 'What a stage of a run produced: ARTIFACT_RECORD of craftlive.';
comment on column artifact_records.content is 'The stage''s result; where it holds a bundle_ref, the bundle is apart.';
comment on column artifact_records.bundle_blob_id is 'The bundle that content.bundle_ref names; null without one.';

create table documents (
    id uuid not null default uuid_v7(),
    user_id uuid not null,
    project_id uuid,
    filename text not null,
    content_type text,
    blob_id uuid,
    kept jsonb,
    created_at timestamptz not null default now(),
    constraint documents_pkey primary key (id),
    constraint documents_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
    constraint documents_project_id_fkey foreign key (project_id) references projects (id) on delete cascade,
    constraint documents_blob_id_fkey foreign key (blob_id) references blobs (id)
);
create index documents_project_id_idx on documents (project_id, created_at desc, id desc);
create index documents_user_id_idx on documents (user_id, created_at desc, id desc);
create index documents_blob_id_idx on documents (blob_id);
comment on table documents is 'What is given to a project to read: DOCUMENT of craftlive.';
comment on column documents.project_id is 'Null where the source of an import named none that exists.';
comment on column documents.blob_id is 'The bytes; null where the source of an import had none.';

create table items (
    id uuid not null default uuid_v7(),
    owner_id uuid not null,
    title text not null,
    description text,
    kept jsonb,
    revision bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint items_pkey primary key (id),
    constraint items_owner_id_fkey foreign key (owner_id) references users (id) on delete cascade
);
create index items_owner_id_idx on items (owner_id, created_at desc, id desc);
create trigger items_touch before update on items for each row execute function touch_revision();
comment on table items is 'Notes of a user: ITEM of craftlive.';

create table tool_usage (
    id uuid not null default uuid_v7(),
    user_id uuid not null,
    artifact_id uuid,
    tool_name text not null,
    operation text not null,
    duration_ms integer,
    status text not null,
    parameters jsonb not null default '{}',
    kept jsonb,
    created_at timestamptz not null default now(),
    constraint tool_usage_pkey primary key (id),
    constraint tool_usage_duration_ms_check check (duration_ms >= 0),
    constraint tool_usage_parameters_check check (jsonb_typeof(parameters) = 'object'),
    constraint tool_usage_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
    constraint tool_usage_artifact_id_fkey foreign key (artifact_id) references artifacts (id) on delete set null
);
create index tool_usage_user_id_idx on tool_usage (user_id, created_at desc, id desc);
create index tool_usage_tool_name_idx on tool_usage (tool_name, created_at desc);
create index tool_usage_artifact_id_idx on tool_usage (artifact_id) where artifact_id is not null;
comment on table tool_usage is 'Each use of a tool: tools_usage of aio.';
comment on column tool_usage.duration_ms is 'Milliseconds.';
comment on column tool_usage.status is 'How it ended: success, failure, ...; free text, as tools name it.';

create table drive_files (
    id uuid not null default uuid_v7(),
    user_id uuid not null,
    artifact_id uuid,
    drive_file_id text not null,
    name text not null,
    mime_type text,
    file_size bigint,
    synced_at timestamptz,
    kept jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint drive_files_pkey primary key (id),
    constraint drive_files_drive_file_id_key unique (user_id, drive_file_id),
    constraint drive_files_file_size_check check (file_size >= 0),
    constraint drive_files_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
    constraint drive_files_artifact_id_fkey foreign key (artifact_id) references artifacts (id) on delete cascade
);
create index drive_files_user_id_idx on drive_files (user_id, created_at desc, id desc);
create index drive_files_artifact_id_idx on drive_files (artifact_id) where artifact_id is not null;
create trigger drive_files_touch before update on drive_files for each row execute function touch();
comment on table drive_files is 'What lies in Google Drive too: google_drive_files of aio.';
comment on column drive_files.file_size is 'Bytes.';
comment on column drive_files.synced_at is 'When the two were last the same; null before the first time.';

create table identities (
    id uuid not null default uuid_v7(),
    user_id uuid not null,
    issuer text not null,
    subject text not null,
    created_at timestamptz not null default now(),
    constraint identities_pkey primary key (id),
    constraint identities_subject_key unique (issuer, subject),
    constraint identities_user_id_fkey foreign key (user_id) references users (id) on delete cascade
);
create index identities_user_id_idx on identities (user_id);
comment on table identities is 'Who a user is at an OpenID Connect provider: the OAuth users of aio.';
comment on column identities.subject is 'The provider''s identifier of the person: sub of OpenID Connect Core 1.0, section 2.';

create table artifact_comments (
    id uuid not null default uuid_v7(),
    artifact_id uuid not null,
    user_id uuid not null,
    parent_id uuid,
    body text not null,
    revision bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint artifact_comments_pkey primary key (id),
    constraint artifact_comments_id_artifact_id_key unique (id, artifact_id),
    constraint artifact_comments_body_check check (length(body) between 1 and 10000),
    constraint artifact_comments_artifact_id_fkey foreign key (artifact_id) references artifacts (id) on delete cascade,
    constraint artifact_comments_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
    constraint artifact_comments_parent_id_fkey foreign key (parent_id, artifact_id)
        references artifact_comments (id, artifact_id) on delete cascade
);
create index artifact_comments_artifact_id_idx on artifact_comments (artifact_id, created_at desc, id desc);
create index artifact_comments_user_id_idx on artifact_comments (user_id);
create index artifact_comments_parent_id_idx on artifact_comments (parent_id, created_at, id) where parent_id is not null;
create trigger artifact_comments_touch before update on artifact_comments for each row execute function touch_revision();
comment on table artifact_comments is 'What comments_count of storage and canonical counts.';
comment on column artifact_comments.parent_id is 'The comment it answers; answers go with it.';

create table artifact_imports (
    artifact_id uuid not null,
    user_id uuid not null,
    project_id uuid,
    created_at timestamptz not null default now(),
    constraint artifact_imports_pkey primary key (artifact_id, user_id),
    constraint artifact_imports_artifact_id_fkey foreign key (artifact_id) references artifacts (id) on delete cascade,
    constraint artifact_imports_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
    constraint artifact_imports_project_id_fkey foreign key (project_id, user_id) references projects (id, owner_id)
        on delete set null (project_id)
);
create index artifact_imports_user_id_idx on artifact_imports (user_id, created_at desc);
create index artifact_imports_project_id_idx on artifact_imports (project_id) where project_id is not null;
comment on table artifact_imports is 'What imports_count of storage and canonical counts: each user once, however often they take it over.';
comment on column artifact_imports.project_id is 'The project it last went into; null once that is gone.';
comment on table artifact_likes is 'What likes_count of storage and canonical counts.';

create table retention_policies (
    name text not null,
    action text not null,
    keep interval not null,
    is_enabled boolean not null default false,
    revision bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint retention_policies_pkey primary key (name),
    constraint retention_policies_action_check check (action in ('delete', 'archive')),
    constraint retention_policies_keep_check check (keep > interval '0')
);
create trigger retention_policies_touch before update on retention_policies for each row execute function touch_revision();
comment on table retention_policies is 'How long what is kept: Data Retention of december and aio. Nothing is removed until an administrator enables it.';
comment on column retention_policies.keep is 'Since the row was last used, or made where use leaves no trace.';
insert into retention_policies (name, action, keep) values
    ('users', 'delete', '7 years'),
    ('containers', 'delete', '1 year'),
    ('messages', 'delete', '6 months'),
    ('files', 'delete', '1 year'),
    ('sessions', 'delete', '30 days'),
    ('messages_archive', 'archive', '1 year');

create table events (
    id uuid not null default uuid_v7(),
    user_id uuid,
    kind text not null,
    details jsonb not null default '{}',
    created_at timestamptz not null default now(),
    constraint events_pkey primary key (id),
    constraint events_details_check check (jsonb_typeof(details) = 'object'),
    constraint events_user_id_fkey foreign key (user_id) references users (id) on delete cascade
);
create index events_user_id_idx on events (user_id, created_at desc, id desc);
create index events_created_at_idx on events (created_at);
comment on table events is 'What happened to accounts and to the whole: never changed, only added to.';
comment on column events.user_id is 'Whom it concerns; null where it concerns all.';
comment on column events.kind is 'What happened, as resource.verb.';

alter table users add column kept jsonb;
alter table sessions add column kept jsonb;
alter table profiles add column kept jsonb;
alter table artifacts add column kept jsonb;
alter table artifact_versions add column kept jsonb;
alter table artifact_media add column kept jsonb;
do $$
declare
    kept_table regclass;
begin
    for kept_table in
        select attrelid from pg_attribute
        where attname = 'kept' and attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
    loop
        execute format(
            'comment on column %s.kept is %L',
            kept_table,
            'What a lens was given that the model says otherwise or not at all, by lens and column: {"aio.users": {"last_name": {"was": …, "is": …}}}; null for most. See lens.shown().'
        );
    end loop;
end;
$$;

-- For search: the caller's messages by word in one index, and titles in spite of typing errors.
create extension if not exists btree_gin;
create extension if not exists pg_trgm;

create function search_text(content text) returns text
language sql immutable parallel safe strict
as $$ select regexp_replace(content, '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])', chr(31) || '\1' || chr(31), 'g') $$;
comment on function search_text(text) is
    'The text with separators (U+001F) around the characters of scripts that have none between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese. Each is a word then, and a word a phrase.';

create function search_vector(content text) returns tsvector
language sql immutable parallel safe
as $$
    select case
        when content ~ '[^\u0001-\u007f]' then
            to_tsvector('simple', public.search_text(left(content, 100000)))
            || to_tsvector('simple', public.search_text(regexp_replace(normalize(left(content, 100000), NFKD), '[\u0300-\u036f]', '', 'g')))
        else to_tsvector('simple', left(content, 100000))
    end
$$;
comment on function search_vector(text) is
    'The words of the first 100,000 characters (a tsvector holds at most 1 MiB), in any language, with their accents and without.';
