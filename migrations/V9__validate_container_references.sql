alter table projects validate constraint projects_container_id_fkey;
alter table chats validate constraint chats_container_id_fkey;
