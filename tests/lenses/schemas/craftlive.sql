-- craftlive's tables. In use they lie in two databases: those up to item in the backend's, the others in the frontend's.
create table "user" (
    id uuid not null default gen_random_uuid(),
    email text not null,
    hashed_password text not null,
    full_name text,
    is_active boolean not null default true,
    is_superuser boolean not null default false,
    created_at timestamptz not null default now(),
    constraint user_pkey primary key (id),
    constraint user_email_key unique (email)
);

create table project (
    id uuid not null default gen_random_uuid(),
    name text not null,
    description text,
    owner_id uuid not null,
    created_at timestamptz default now(),
    constraint project_pkey primary key (id),
    constraint project_owner_id_fkey foreign key (owner_id) references "user" (id) on delete cascade
);

create table generation_run (
    id uuid not null default gen_random_uuid(),
    status text not null default 'pending',
    prompt text,
    project_id uuid not null,
    created_at timestamptz default now(),
    constraint generation_run_pkey primary key (id),
    constraint generation_run_status_check check (
        status in ('pending', 'requirements', 'architecture', 'implementer', 'reviewer', 'completed', 'failed')
    ),
    constraint generation_run_project_id_fkey foreign key (project_id) references project (id) on delete cascade
);

create table artifact_record (
    id uuid not null default gen_random_uuid(),
    stage text not null,
    content jsonb,
    run_id uuid not null,
    created_at timestamptz default now(),
    constraint artifact_record_pkey primary key (id),
    constraint artifact_record_stage_check check (
        stage in ('requirements', 'architecture', 'implementer', 'deterministic_tests', 'test_generation')
        or stage ~ '^(reviewer_pass|sandbox_tests_attempt)_[0-9]{1,4}$'
    ),
    constraint artifact_record_run_id_fkey foreign key (run_id) references generation_run (id) on delete cascade
);

create table document (
    id uuid not null default gen_random_uuid(),
    filename text not null,
    content_type text,
    project_id text,
    created_at timestamptz default now(),
    constraint document_pkey primary key (id)
);

create table item (
    id uuid not null default gen_random_uuid(),
    title text not null,
    description text,
    owner_id uuid not null,
    created_at timestamptz default now(),
    constraint item_pkey primary key (id),
    constraint item_owner_id_fkey foreign key (owner_id) references "user" (id) on delete cascade
);

create table thread (
    id uuid not null default gen_random_uuid(),
    title text,
    user_id uuid not null,
    created_at timestamptz default now(),
    constraint thread_pkey primary key (id),
    constraint thread_user_id_fkey foreign key (user_id) references "user" (id) on delete cascade
);

create table message (
    id uuid not null default gen_random_uuid(),
    thread_id uuid not null,
    role text not null,
    content text,
    metadata jsonb,
    created_at timestamptz default now(),
    constraint message_pkey primary key (id),
    constraint message_role_check check (role in ('user', 'assistant', 'agent')),
    constraint message_thread_id_fkey foreign key (thread_id) references thread (id) on delete cascade
);

create table message_attachment (
    id uuid not null default gen_random_uuid(),
    thread_id uuid,
    message_id uuid not null,
    user_id uuid,
    original_name text,
    mime_type text,
    size_bytes integer,
    created_at timestamptz default now(),
    constraint message_attachment_pkey primary key (id),
    constraint message_attachment_thread_id_fkey foreign key (thread_id) references thread (id) on delete cascade,
    constraint message_attachment_message_id_fkey foreign key (message_id) references message (id) on delete cascade,
    constraint message_attachment_user_id_fkey foreign key (user_id) references "user" (id) on delete cascade
);

create table message_artifact (
    id uuid not null default gen_random_uuid(),
    message_id uuid not null,
    payload jsonb,
    created_at timestamptz default now(),
    constraint message_artifact_pkey primary key (id),
    constraint message_artifact_message_id_key unique (message_id),
    constraint message_artifact_message_id_fkey foreign key (message_id) references message (id) on delete cascade
);
