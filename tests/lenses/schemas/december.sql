-- A database of december, as its document describes it.
create function update_updated_at_column() returns trigger
language plpgsql
as $$
begin
    new.updated_at := now();
    return new;
end;
$$;

create table users (
    id uuid default gen_random_uuid(),
    email varchar(255) not null,
    name varchar(255),
    avatar_url text,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    last_login timestamptz,
    is_active boolean default true,
    primary key (id),
    unique (email)
);
create index idx_users_email on users (email);
create index idx_users_created_at on users (created_at);

create table containers (
    id uuid default gen_random_uuid(),
    container_id varchar(255) not null,
    name varchar(255) not null,
    status varchar(50) not null default 'created',
    image_name varchar(255),
    assigned_port integer,
    url text,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    started_at timestamptz,
    stopped_at timestamptz,
    user_id uuid,
    labels jsonb default '{}',
    metadata jsonb default '{}',
    primary key (id),
    unique (container_id),
    foreign key (user_id) references users (id) on delete cascade
);
create index idx_containers_container_id on containers (container_id);
create index idx_containers_status on containers (status);
create index idx_containers_user_id on containers (user_id);
create index idx_containers_created_at on containers (created_at);
create index idx_containers_assigned_port on containers (assigned_port);
create trigger update_containers_updated_at before update on containers
    for each row execute function update_updated_at_column();

create table sessions (
    id uuid default gen_random_uuid(),
    user_id uuid,
    token varchar(255) not null,
    expires_at timestamptz not null,
    created_at timestamptz default now(),
    last_activity timestamptz default now(),
    ip_address inet,
    user_agent text,
    is_active boolean default true,
    primary key (id),
    unique (token),
    foreign key (user_id) references users (id) on delete cascade
);
create index idx_sessions_token on sessions (token);
create index idx_sessions_user_id on sessions (user_id);
create index idx_sessions_expires_at on sessions (expires_at);

create table projects (
    id uuid default gen_random_uuid(),
    container_id uuid,
    name varchar(255) not null,
    description text,
    type varchar(100) default 'nextjs',
    status varchar(50) default 'active',
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    user_id uuid,
    metadata jsonb default '{}',
    settings jsonb default '{}',
    primary key (id),
    foreign key (container_id) references containers (id) on delete cascade,
    foreign key (user_id) references users (id) on delete cascade
);
create index idx_projects_container_id on projects (container_id);
create index idx_projects_user_id on projects (user_id);
create index idx_projects_status on projects (status);
create index idx_projects_type on projects (type);
create trigger update_projects_updated_at before update on projects
    for each row execute function update_updated_at_column();

create table chat_messages (
    id uuid default gen_random_uuid(),
    container_id uuid,
    session_id varchar(255) not null,
    role varchar(20) not null,
    content text not null,
    attachments jsonb default '[]',
    created_at timestamptz default now(),
    metadata jsonb default '{}',
    primary key (id),
    foreign key (container_id) references containers (id) on delete cascade
);
create index idx_chat_messages_container_id on chat_messages (container_id);
create index idx_chat_messages_session_id on chat_messages (session_id);
create index idx_chat_messages_created_at on chat_messages (created_at);

create table file_storage (
    id uuid default gen_random_uuid(),
    container_id uuid,
    file_path text not null,
    file_name varchar(255) not null,
    file_size bigint,
    mime_type varchar(100),
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    is_deleted boolean default false,
    primary key (id),
    foreign key (container_id) references containers (id) on delete cascade
);
create index idx_file_storage_container_id on file_storage (container_id);
create index idx_file_storage_file_path on file_storage (file_path);
create trigger update_file_storage_updated_at before update on file_storage
    for each row execute function update_updated_at_column();

create view active_containers as
select containers.*, projects.name as project_name, projects.description as project_description, users.email as user_email
from containers
left join projects on projects.container_id = containers.id
left join users on users.id = containers.user_id
where containers.status in ('running', 'created')
order by containers.created_at desc;

create view user_projects as
select
    projects.*,
    containers.status as container_status,
    containers.assigned_port,
    containers.url,
    count(chat_messages.id) as message_count
from projects
left join containers on containers.id = projects.container_id
left join chat_messages on chat_messages.container_id = containers.id
group by projects.id, containers.status, containers.assigned_port, containers.url
order by projects.updated_at desc;
