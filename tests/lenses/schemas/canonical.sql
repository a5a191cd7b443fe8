-- A database of canonical, as its document describes it. The users that it refers to are of another document, and may lie
-- in another database: what names a user is no foreign key here.
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
    created_at timestamptz,
    updated_at timestamptz
);

create table artifacts (
    id uuid primary key,
    owner_user_id uuid,
    title text,
    description text,
    visibility text check (visibility in ('public', 'private')),
    created_at timestamptz,
    updated_at timestamptz,
    forked_from_id uuid references artifacts (id),
    forked_from_owner_user_id uuid,
    forked_from_version_id uuid,
    forked_from_version_label text,
    origin_artifact_id uuid references artifacts (id),
    origin_owner_user_id uuid,
    forks_count integer,
    imports_count integer,
    likes_count integer,
    comments_count integer,
    current_version_id uuid,
    versioning_enabled boolean,
    chat_history_public boolean,
    source_session jsonb
);

create table artifact_versions (
    id uuid primary key,
    artifact_id uuid not null references artifacts (id),
    version_index integer,
    code_blob_ref text,
    created_at timestamptz,
    summary text,
    label text,
    session_id text,
    code_language text,
    code_content text,
    code_versions jsonb,
    chat jsonb,
    stats jsonb,
    version_metadata jsonb,
    code_references jsonb,
    parent_version_id uuid
);

alter table artifacts add foreign key (forked_from_version_id) references artifact_versions (id);

create table artifact_media (
    artifact_id uuid primary key references artifacts (id),
    screenshot_url text,
    thumb_url text,
    created_at timestamptz,
    updated_at timestamptz
);
