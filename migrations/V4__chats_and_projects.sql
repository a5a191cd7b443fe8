create table chats (
    id uuid not null default uuid_v7(),
    user_id uuid not null,
    title text,
    external_key text,
    revision bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint chats_pkey primary key (id),
    constraint chats_id_user_id_key unique (id, user_id),
    constraint chats_external_key_key unique (user_id, external_key),
    constraint chats_user_id_fkey foreign key (user_id) references users (id) on delete cascade
);
create index chats_user_id_idx on chats (user_id, created_at desc, id desc);
create trigger chats_touch before update on chats for each row execute function touch_revision();
comment on table chats is 'Conversations: THREAD of craftlive, chat_sessions of aio, session_id of december.';
comment on column chats.external_key is 'The caller''s own name for the conversation, unique among theirs.';

create table chat_counts (
    chat_id uuid not null,
    slot smallint not null,
    messages bigint not null default 0,
    constraint chat_counts_pkey primary key (chat_id, slot),
    constraint chat_counts_chat_id_fkey foreign key (chat_id) references chats (id) on delete cascade
);
comment on table chat_counts is 'message_count in slots, so that no two writers wait for one row. The count is the sum of a chat''s slots, and exact.';

create table messages (
    id uuid not null default uuid_v7(),
    chat_id uuid not null,
    user_id uuid not null,
    role text not null,
    content text not null,
    metadata jsonb not null default '{}',
    parent_id uuid,
    client_id text,
    created_at timestamptz not null default now(),
    constraint messages_pkey primary key (id),
    constraint messages_id_user_id_key unique (id, user_id),
    constraint messages_id_chat_id_key unique (id, chat_id),
    constraint messages_client_id_key unique (chat_id, client_id),
    constraint messages_role_check check (role in ('user', 'assistant', 'agent', 'system')),
    constraint messages_metadata_check check (jsonb_typeof(metadata) = 'object'),
    constraint messages_chat_id_fkey foreign key (chat_id, user_id) references chats (id, user_id) on delete cascade,
    constraint messages_parent_id_fkey foreign key (parent_id, chat_id) references messages (id, chat_id)
        on delete set null (parent_id)
);
create index messages_chat_id_idx on messages (chat_id, created_at desc, id desc);
create index messages_parent_id_idx on messages (parent_id) where parent_id is not null;
comment on table messages is 'MESSAGE of craftlive, messages of aio, chat_messages of december.';
comment on column messages.user_id is 'The owner of the chat, whatever the role.';
comment on column messages.parent_id is 'The message this one answers or revises; siblings are branches.';
comment on column messages.client_id is 'The sender''s own id: sending it again stores nothing.';

create table message_attachments (
    id uuid not null default uuid_v7(),
    message_id uuid not null,
    user_id uuid not null,
    position smallint not null,
    blob_id uuid not null,
    original_name text not null,
    mime_type text not null,
    size_bytes bigint not null,
    created_at timestamptz not null default now(),
    constraint message_attachments_pkey primary key (id),
    constraint message_attachments_position_key unique (message_id, position),
    constraint message_attachments_message_id_fkey foreign key (message_id, user_id) references messages (id, user_id)
        on delete cascade,
    constraint message_attachments_blob_id_fkey foreign key (blob_id) references blobs (id)
);
create index message_attachments_blob_id_idx on message_attachments (blob_id);
create index message_attachments_user_id_idx on message_attachments (user_id);

create table projects (
    id uuid not null default uuid_v7(),
    owner_id uuid not null,
    name text not null,
    description text,
    type text not null default 'nextjs',
    status text not null default 'active',
    chat_id uuid,
    metadata jsonb not null default '{}',
    settings jsonb not null default '{}',
    revision bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint projects_pkey primary key (id),
    constraint projects_id_owner_id_key unique (id, owner_id),
    constraint projects_chat_id_key unique (chat_id),
    constraint projects_status_check check (status in ('active', 'archived', 'deleted')),
    constraint projects_owner_id_fkey foreign key (owner_id) references users (id) on delete cascade,
    constraint projects_chat_id_fkey foreign key (chat_id, owner_id) references chats (id, user_id) on delete set null (chat_id)
);
create index projects_owner_id_idx on projects (owner_id, created_at desc, id desc);
create trigger projects_touch before update on projects for each row execute function touch_revision();
comment on table projects is 'PROJECT of craftlive, projects of december. Their endpoints follow; artifacts already belong to them.';

alter table chats enable row level security;
alter table chats force row level security;
alter table chat_counts enable row level security;
alter table chat_counts force row level security;
alter table messages enable row level security;
alter table messages force row level security;
alter table message_attachments enable row level security;
alter table message_attachments force row level security;
alter table projects enable row level security;
alter table projects force row level security;

grant select, insert, delete, update (title, external_key) on chats to atelier_api;
create policy chats_owner on chats to atelier_api using (user_id = (select auth.uid()));

grant select on chat_counts to atelier_api;
create policy chat_counts_select on chat_counts for select to atelier_api
    using (exists (select from chats where chats.id = chat_id and chats.user_id = (select auth.uid())));

grant select, insert, delete, update (client_id) on messages to atelier_api;
create policy messages_owner on messages to atelier_api using (user_id = (select auth.uid()));

grant select, insert, delete on message_attachments to atelier_api;
create policy message_attachments_owner on message_attachments to atelier_api using (user_id = (select auth.uid()));

grant select on projects to atelier_api;
create policy projects_select on projects for select to atelier_api using (owner_id = (select auth.uid()));

grant select, insert, update on chat_counts to atelier_system;
grant select on chats to atelier_system;
create policy chat_counts_system on chat_counts to atelier_system using (true);
create policy chats_system on chats for select to atelier_system using (true);

-- Statement by statement, and in one of 16 slots: any number of messages cost one small write that waits for nobody.
create function count_messages() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    chosen_slot smallint := floor(random() * 16);
begin
    if tg_op = 'INSERT' then
        insert into public.chat_counts (chat_id, slot, messages)
        select chat_id, chosen_slot, count(*) from changed group by chat_id
        on conflict (chat_id, slot) do update set messages = chat_counts.messages + excluded.messages;
    else
        -- A chat that is being deleted takes its messages along: then there is nothing left to count.
        insert into public.chat_counts (chat_id, slot, messages)
        select chat_id, chosen_slot, -count(*) from changed
        where exists (select from public.chats where chats.id = changed.chat_id)
        group by chat_id
        on conflict (chat_id, slot) do update set messages = chat_counts.messages + excluded.messages;
    end if;
    return null;
end;
$$;
grant create on schema public to atelier_system;
alter function count_messages() owner to atelier_system;
revoke create on schema public from atelier_system;
create trigger messages_count_insert after insert on messages
    referencing new table as changed for each statement execute function count_messages();
create trigger messages_count_delete after delete on messages
    referencing old table as changed for each statement execute function count_messages();
