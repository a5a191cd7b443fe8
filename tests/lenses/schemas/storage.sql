-- A database of storage, as its document describes it.
create table profiles (
    user_id uuid primary key,
    handle text unique,
    display_name text,
    bio text,
    avatar_url text,
    age integer,
    gender text,
    city text,
    country text,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- The columns that name other rows are no foreign keys here, but for artifact_id.
create table artifacts (
    id uuid primary key,
    owner_user_id uuid,
    title text,
    description text,
    visibility text check (visibility in ('public', 'private')),
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    forked_from_id uuid,
    forked_from_owner_user_id uuid,
    forked_from_version_id uuid,
    forked_from_version_label text,
    source_session_id text,
    source_session_credits_estimate numeric,
    current_version_id uuid,
    versioning_enabled boolean,
    chat_history_public boolean,
    forks_count integer,
    imports_count integer,
    likes_count integer,
    comments_count integer
);

create table artifact_versions (
    id uuid primary key,
    artifact_id uuid not null references artifacts (id),
    version_index integer,
    code_blob_ref text,
    code_language text,
    code_content text,
    code_versions jsonb,
    chat jsonb,
    session_id text,
    credits_used_estimate numeric,
    created_at timestamptz default now(),
    summary text,
    label text
);

create table artifact_media (
    artifact_id uuid primary key references artifacts (id),
    screenshot_url text,
    thumb_url text,
    updated_at timestamptz default now()
);
