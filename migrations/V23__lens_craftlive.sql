create schema craftlive;
comment on schema craftlive is 'The lens of craftlive: the tables of its two databases, and the marker that links them.';

create function craftlive.uuid(value text) returns uuid
language sql immutable
as $$ select case when value ~ '^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$' then value::uuid end $$;
comment on function craftlive.uuid(text) is 'The identifier that a text is; null where it is none.';

create function craftlive.marker(thread_id uuid) returns text
language sql immutable
as $$ select '[chat-thread:' || thread_id || ']' $$;
comment on function craftlive.marker(uuid) is 'How the description of a project names its thread.';

create function craftlive.marker_in(description text) returns text
language sql immutable
as $$ select substring(description from '\[chat-thread:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\]') $$;
comment on function craftlive.marker_in(text) is 'The first marker in a description, as it is written there; null without one.';

create function craftlive.marked_thread(marker text) returns uuid
language sql immutable
as $$ select substr(marker, 14, 36)::uuid $$;
comment on function craftlive.marked_thread(text) is 'The thread that a marker names.';

create function craftlive.described(description text, thread_id uuid) returns text
language sql immutable
as $$
    select case when thread_id is null then description
        else coalesce(nullif(description, '') || ' ', '') || craftlive.marker(thread_id)
    end
$$;
comment on function craftlive.described(text, uuid) is 'A description, with the marker of the project''s thread at its end.';

create view craftlive."user" as
select
    users.id,
    lens.shown(users.kept -> 'craftlive.user' -> 'email', users.email) as email,
    lens.secret(users.password_hash) as hashed_password,
    users.name as full_name,
    users.is_active,
    users.is_superuser,
    lens.shown(users.kept -> 'craftlive.user' -> 'created_at', users.created_at) as created_at
from public.users
where users.id <> lens.nobody();
comment on view craftlive."user" is 'Accounts.';
comment on column craftlive."user".id is 'users.id';
comment on column craftlive."user".email is
    'users.email: a placeholder where the model does not allow it, or has it of someone else in other letter case';
comment on column craftlive."user".hashed_password is 'users.password_hash: null for those who only read';
comment on column craftlive."user".full_name is 'users.name';
comment on column craftlive."user".is_active is 'users.is_active';
comment on column craftlive."user".is_superuser is 'users.is_superuser';
comment on column craftlive."user".created_at is 'users.created_at';
alter view craftlive."user" alter column id set default uuid_v7();
alter view craftlive."user" alter column is_active set default true;
alter view craftlive."user" alter column is_superuser set default false;
alter view craftlive."user" alter column created_at set default now();

create view craftlive.project as
select
    projects.id,
    projects.name,
    lens.shown(
        projects.kept -> 'craftlive.project' -> 'description', craftlive.described(projects.description, projects.chat_id)
    ) as description,
    -- As it is, nobody's too, here and below: only a bare column is found by its index.
    projects.owner_id,
    lens.shown(projects.kept -> 'craftlive.project' -> 'created_at', projects.created_at) as created_at
from public.projects;
comment on view craftlive.project is 'Projects; one that belongs to a thread says so in its description.';
comment on column craftlive.project.id is 'projects.id';
comment on column craftlive.project.name is 'projects.name';
comment on column craftlive.project.description is 'projects.description, projects.chat_id: the latter as marker';
comment on column craftlive.project.owner_id is 'projects.owner_id';
comment on column craftlive.project.created_at is 'projects.created_at';
alter view craftlive.project alter column id set default uuid_v7();
alter view craftlive.project alter column created_at set default now();

create view craftlive.generation_run as
select
    generation_runs.id,
    generation_runs.status,
    lens.shown(
        generation_runs.kept -> 'craftlive.generation_run' -> 'prompt',
        coalesce(
            (
                select convert_from(blobs.content, 'UTF8')
                from public.blobs
                where blobs.id = generation_runs.prompt_blob_id and blobs.encoding = 'identity'
            ),
            generation_runs.prompt
        )
    ) as prompt,
    generation_runs.project_id,
    lens.shown(generation_runs.kept -> 'craftlive.generation_run' -> 'created_at', generation_runs.created_at) as created_at
from public.generation_runs;
comment on view craftlive.generation_run is 'Passes of the generator.';
comment on column craftlive.generation_run.id is 'generation_runs.id';
comment on column craftlive.generation_run.status is 'generation_runs.status';
comment on column craftlive.generation_run.prompt is
    'generation_runs.prompt, generation_runs.prompt_blob_id, blobs.content: 5,000 characters where the whole is not plain here';
comment on column craftlive.generation_run.project_id is 'generation_runs.project_id';
comment on column craftlive.generation_run.created_at is 'generation_runs.created_at';
alter view craftlive.generation_run alter column id set default uuid_v7();
alter view craftlive.generation_run alter column status set default 'pending';
alter view craftlive.generation_run alter column created_at set default now();

create view craftlive.artifact_record as
select
    artifact_records.id,
    artifact_records.stage,
    lens.shown(artifact_records.kept -> 'craftlive.artifact_record' -> 'content', artifact_records.content) as content,
    artifact_records.run_id,
    lens.shown(artifact_records.kept -> 'craftlive.artifact_record' -> 'created_at', artifact_records.created_at) as created_at
from public.artifact_records;
comment on view craftlive.artifact_record is 'What the stages of a run produced.';
comment on column craftlive.artifact_record.id is 'artifact_records.id';
comment on column craftlive.artifact_record.stage is 'artifact_records.stage';
comment on column craftlive.artifact_record.content is
    'artifact_records.content, artifact_records.bundle_blob_id: the latter is the file that bundle_ref names';
comment on column craftlive.artifact_record.run_id is 'artifact_records.run_id';
comment on column craftlive.artifact_record.created_at is 'artifact_records.created_at';
alter view craftlive.artifact_record alter column id set default uuid_v7();
alter view craftlive.artifact_record alter column created_at set default now();

create view craftlive.document as
select
    documents.id,
    documents.filename,
    documents.content_type,
    lens.shown(documents.kept -> 'craftlive.document' -> 'project_id', documents.project_id::text) as project_id,
    lens.shown(documents.kept -> 'craftlive.document' -> 'created_at', documents.created_at) as created_at
from public.documents;
comment on view craftlive.document is 'What projects are given to read.';
comment on column craftlive.document.id is 'documents.id';
comment on column craftlive.document.filename is 'documents.filename';
comment on column craftlive.document.content_type is 'documents.content_type';
comment on column craftlive.document.project_id is 'documents.project_id: any text; what names no project is kept as it is';
comment on column craftlive.document.created_at is 'documents.created_at';
alter view craftlive.document alter column id set default uuid_v7();
alter view craftlive.document alter column created_at set default now();

create view craftlive.item as
select
    items.id,
    items.title,
    items.description,
    items.owner_id,
    lens.shown(items.kept -> 'craftlive.item' -> 'created_at', items.created_at) as created_at
from public.items;
comment on view craftlive.item is 'Notes.';
comment on column craftlive.item.id is 'items.id';
comment on column craftlive.item.title is 'items.title';
comment on column craftlive.item.description is 'items.description';
comment on column craftlive.item.owner_id is 'items.owner_id';
comment on column craftlive.item.created_at is 'items.created_at';
alter view craftlive.item alter column id set default uuid_v7();
alter view craftlive.item alter column created_at set default now();

create view craftlive.thread as
select
    chats.id,
    chats.title,
    chats.user_id,
    lens.shown(chats.kept -> 'craftlive.thread' -> 'created_at', chats.created_at) as created_at
from public.chats;
comment on view craftlive.thread is 'Conversations.';
comment on column craftlive.thread.id is 'chats.id';
comment on column craftlive.thread.title is 'chats.title';
comment on column craftlive.thread.user_id is 'chats.user_id';
comment on column craftlive.thread.created_at is 'chats.created_at';
alter view craftlive.thread alter column id set default uuid_v7();
alter view craftlive.thread alter column created_at set default now();

create view craftlive.message as
select
    messages.id,
    messages.chat_id as thread_id,
    messages.role,
    lens.shown(messages.kept -> 'craftlive.message' -> 'content', messages.content) as content,
    lens.shown(messages.kept -> 'craftlive.message' -> 'metadata', messages.metadata) as metadata,
    lens.shown(messages.kept -> 'craftlive.message' -> 'created_at', messages.created_at) as created_at
from public.messages;
comment on view craftlive.message is 'What is said in threads.';
comment on column craftlive.message.id is 'messages.id';
comment on column craftlive.message.thread_id is 'messages.chat_id';
comment on column craftlive.message.role is 'messages.role: system too, which the model adds';
comment on column craftlive.message.content is 'messages.content';
comment on column craftlive.message.metadata is 'messages.metadata';
comment on column craftlive.message.created_at is 'messages.created_at';
alter view craftlive.message alter column id set default uuid_v7();
alter view craftlive.message alter column created_at set default now();

create view craftlive.message_attachment as
select
    message_attachments.id,
    lens.shown(
        message_attachments.kept -> 'craftlive.message_attachment' -> 'thread_id',
        (select messages.chat_id from public.messages where messages.id = message_attachments.message_id)
    ) as thread_id,
    message_attachments.message_id,
    lens.shown(
        message_attachments.kept -> 'craftlive.message_attachment' -> 'user_id', message_attachments.user_id
    ) as user_id,
    lens.shown(
        message_attachments.kept -> 'craftlive.message_attachment' -> 'original_name', message_attachments.original_name
    ) as original_name,
    lens.shown(
        message_attachments.kept -> 'craftlive.message_attachment' -> 'mime_type', message_attachments.mime_type
    ) as mime_type,
    -- The document's column is narrower than files may be.
    lens.shown(
        message_attachments.kept -> 'craftlive.message_attachment' -> 'size_bytes',
        least(message_attachments.size_bytes, 2147483647)::integer
    ) as size_bytes,
    lens.shown(
        message_attachments.kept -> 'craftlive.message_attachment' -> 'created_at', message_attachments.created_at
    ) as created_at
from public.message_attachments;
comment on view craftlive.message_attachment is 'Files that messages carry.';
comment on column craftlive.message_attachment.id is 'message_attachments.id';
comment on column craftlive.message_attachment.thread_id is 'messages.chat_id: of the message';
comment on column craftlive.message_attachment.message_id is 'message_attachments.message_id';
comment on column craftlive.message_attachment.user_id is
    'message_attachments.user_id: the owner of the thread; another is kept';
comment on column craftlive.message_attachment.original_name is 'message_attachments.original_name';
comment on column craftlive.message_attachment.mime_type is 'message_attachments.mime_type';
comment on column craftlive.message_attachment.size_bytes is 'message_attachments.size_bytes: at most 2147483647 is shown';
comment on column craftlive.message_attachment.created_at is 'message_attachments.created_at';
alter view craftlive.message_attachment alter column id set default uuid_v7();
alter view craftlive.message_attachment alter column created_at set default now();

create view craftlive.message_artifact as
select
    message_artifacts.id,
    message_artifacts.message_id,
    lens.shown(message_artifacts.kept -> 'craftlive.message_artifact' -> 'payload', message_artifacts.payload) as payload,
    lens.shown(
        message_artifacts.kept -> 'craftlive.message_artifact' -> 'created_at', message_artifacts.created_at
    ) as created_at
from public.message_artifacts;
comment on view craftlive.message_artifact is 'What messages made, at most one a message.';
comment on column craftlive.message_artifact.id is 'message_artifacts.id';
comment on column craftlive.message_artifact.message_id is 'message_artifacts.message_id';
comment on column craftlive.message_artifact.payload is
    'message_artifacts.payload: without a generatedFileMap that the API put into message_artifacts.blob_id';
comment on column craftlive.message_artifact.created_at is 'message_artifacts.created_at';
alter view craftlive.message_artifact alter column id set default uuid_v7();
alter view craftlive.message_artifact alter column created_at set default now();

create function craftlive.write_user() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    account public.users;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into account from public.users where users.id = old.id for update;
    end if;
    if tg_op = 'INSERT' or new.email is distinct from old.email then
        account.email := lens.email(new.email, new.id);
    end if;
    -- Whoever may not see the hash gives back the null that was shown.
    if tg_op = 'INSERT' or new.hashed_password is distinct from old.hashed_password then
        account.password_hash := new.hashed_password;
    end if;
    account.created_at := lens.time(new.created_at, coalesce(account.created_at, now()));
    kept := lens.kept('craftlive.user', to_jsonb(new), jsonb_build_object(
        'email', account.email,
        'created_at', account.created_at
    ));
    if tg_op = 'INSERT' then
        insert into public.users (id, email, password_hash, name, is_active, is_superuser, kept, created_at)
        values (
            new.id, account.email, account.password_hash, new.full_name, new.is_active, new.is_superuser, kept,
            account.created_at
        );
        perform lens.add_profile(new.id, coalesce(new.full_name, split_part(new.email, '@', 1)));
    else
        update public.users set
            id = new.id,
            email = account.email,
            password_hash = account.password_hash,
            name = new.full_name,
            is_active = new.is_active,
            is_superuser = new.is_superuser,
            kept = lens.merge(users.kept, 'craftlive.user', kept),
            created_at = account.created_at
        where users.id = old.id;
    end if;
    return new;
end;
$$;
create trigger insert_user instead of insert on craftlive."user"
    for each row execute function craftlive.write_user();
create trigger update_user instead of update on craftlive."user"
    for each row execute function craftlive.write_user();
create trigger delete_user instead of delete on craftlive."user"
    for each row execute function lens.delete_row('users', 'id', 'id');

create function craftlive.write_project() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    project public.projects;
    marker text;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into project from public.projects where projects.id = old.id for update;
    end if;
    if tg_op = 'INSERT' or project.chat_id is null
        or (new.description, new.owner_id) is distinct from (old.description, old.owner_id)
    then
        project.description := new.description;
        project.chat_id := null;
        marker := craftlive.marker_in(new.description);
        if marker is not null then
            -- Locked, so that of two writers with the same marker the second finds the first's project.
            select chats.id into project.chat_id
            from public.chats
            where chats.id = craftlive.marked_thread(marker) and chats.user_id = new.owner_id
            for no key update;
            if exists (
                select from public.projects where projects.chat_id = project.chat_id and projects.id is distinct from project.id
            ) then
                project.chat_id := null;
            end if;
        end if;
        if project.chat_id is not null then
            project.description := nullif(btrim(replace(new.description, marker, ''), E' \t\r\n'), '');
        end if;
    end if;
    project.created_at := lens.time(new.created_at, coalesce(project.created_at, now()));
    kept := lens.kept('craftlive.project', to_jsonb(new), jsonb_build_object(
        'description', craftlive.described(project.description, project.chat_id),
        'created_at', project.created_at
    ));
    if tg_op = 'INSERT' then
        insert into public.projects (id, owner_id, name, description, chat_id, kept, created_at)
        values (new.id, new.owner_id, new.name, project.description, project.chat_id, kept, project.created_at);
    else
        update public.projects set
            id = new.id,
            owner_id = new.owner_id,
            name = new.name,
            description = project.description,
            chat_id = project.chat_id,
            kept = lens.merge(projects.kept, 'craftlive.project', kept),
            created_at = project.created_at
        where projects.id = old.id;
        if new.owner_id is distinct from old.owner_id then
            update public.documents set user_id = new.owner_id where documents.project_id = new.id;
        end if;
    end if;
    return new;
end;
$$;
create trigger insert_project instead of insert on craftlive.project
    for each row execute function craftlive.write_project();
create trigger update_project instead of update on craftlive.project
    for each row execute function craftlive.write_project();
create trigger delete_project instead of delete on craftlive.project
    for each row execute function lens.delete_row('projects', 'id', 'id');

create function craftlive.write_generation_run() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    run public.generation_runs;
    whole_prompt bytea;
    shown_prompt text;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into run from public.generation_runs where generation_runs.id = old.id for update;
    end if;
    -- Without such a project there is no pair with nobody either: the foreign key refuses it, here and below.
    run.user_id := coalesce(
        (select projects.owner_id from public.projects where projects.id = new.project_id), lens.nobody()
    );
    run.created_at := lens.time(new.created_at, coalesce(run.created_at, now()));
    if tg_op = 'INSERT' then
        run.reported_at := run.created_at;
    elsif new.status is distinct from old.status then
        run.reported_at := now();
        case
            when new.status = 'requirements' then run.requirements_at := now();
            when new.status = 'architecture' then run.architecture_at := now();
            when new.status = 'implementer' then run.implementer_at := now();
            when new.status = 'reviewer' then run.reviewer_at := now();
            when new.status in ('completed', 'failed') then run.finished_at := now();
            else null;
        end case;
    end if;
    if tg_op = 'INSERT' or new.prompt is distinct from old.prompt then
        run.prompt := left(coalesce(new.prompt, ''), 5000);
        run.prompt_blob_id := null;
        if length(new.prompt) > 5000 then
            whole_prompt := convert_to(new.prompt, 'UTF8');
            run.prompt_blob_id := lens.add_blob(
                run.user_id, sha256(whole_prompt), length(whole_prompt), 'text/plain; charset=utf-8', whole_prompt, null
            );
        end if;
    end if;
    shown_prompt := run.prompt;
    if run.prompt_blob_id is not null then
        -- The same bytes may have been here before, compressed or in the bucket.
        shown_prompt := coalesce(
            (
                select convert_from(blobs.content, 'UTF8')
                from public.blobs
                where blobs.id = run.prompt_blob_id and blobs.encoding = 'identity'
            ),
            run.prompt
        );
    end if;
    kept := lens.kept('craftlive.generation_run', to_jsonb(new), jsonb_build_object(
        'prompt', shown_prompt,
        'created_at', run.created_at
    ));
    if tg_op = 'INSERT' then
        insert into public.generation_runs (
            id, project_id, user_id, status, prompt, prompt_blob_id, reported_at, kept, created_at
        )
        values (
            new.id, new.project_id, run.user_id, new.status, run.prompt, run.prompt_blob_id, run.reported_at, kept,
            run.created_at
        );
    else
        update public.generation_runs set
            id = new.id,
            project_id = new.project_id,
            user_id = run.user_id,
            status = new.status,
            prompt = run.prompt,
            prompt_blob_id = run.prompt_blob_id,
            requirements_at = run.requirements_at,
            architecture_at = run.architecture_at,
            implementer_at = run.implementer_at,
            reviewer_at = run.reviewer_at,
            finished_at = run.finished_at,
            reported_at = run.reported_at,
            kept = lens.merge(generation_runs.kept, 'craftlive.generation_run', kept),
            created_at = run.created_at
        where generation_runs.id = old.id;
    end if;
    return new;
end;
$$;
create trigger insert_generation_run instead of insert on craftlive.generation_run
    for each row execute function craftlive.write_generation_run();
create trigger update_generation_run instead of update on craftlive.generation_run
    for each row execute function craftlive.write_generation_run();
create trigger delete_generation_run instead of delete on craftlive.generation_run
    for each row execute function lens.delete_row('generation_runs', 'id', 'id');

create function craftlive.write_artifact_record() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    record public.artifact_records;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into record from public.artifact_records where artifact_records.id = old.id for update;
        -- Another file, or none, has not come to the bucket yet.
        if new.content -> 'bundle_ref' is distinct from old.content -> 'bundle_ref' then
            record.bundle_blob_id := null;
        end if;
    end if;
    record.user_id := coalesce(
        (select generation_runs.user_id from public.generation_runs where generation_runs.id = new.run_id), lens.nobody()
    );
    record.content := coalesce(nullif(new.content, 'null'), '{}');
    record.created_at := lens.time(new.created_at, coalesce(record.created_at, now()));
    kept := lens.kept('craftlive.artifact_record', to_jsonb(new), jsonb_build_object(
        'content', record.content,
        'created_at', record.created_at
    ));
    if tg_op = 'INSERT' then
        insert into public.artifact_records (id, run_id, user_id, stage, content, kept, created_at)
        values (new.id, new.run_id, record.user_id, new.stage, record.content, kept, record.created_at);
    else
        update public.artifact_records set
            id = new.id,
            run_id = new.run_id,
            user_id = record.user_id,
            stage = new.stage,
            content = record.content,
            bundle_blob_id = record.bundle_blob_id,
            kept = lens.merge(artifact_records.kept, 'craftlive.artifact_record', kept),
            created_at = record.created_at
        where artifact_records.id = old.id;
    end if;
    return new;
end;
$$;
create trigger insert_artifact_record instead of insert on craftlive.artifact_record
    for each row execute function craftlive.write_artifact_record();
create trigger update_artifact_record instead of update on craftlive.artifact_record
    for each row execute function craftlive.write_artifact_record();
create trigger delete_artifact_record instead of delete on craftlive.artifact_record
    for each row execute function lens.delete_row('artifact_records', 'id', 'id');

create function craftlive.write_document() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    document public.documents;
    project_owner_id uuid;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into document from public.documents where documents.id = old.id for update;
    end if;
    if tg_op = 'INSERT' or document.project_id is null or new.project_id is distinct from old.project_id then
        select projects.id, projects.owner_id into document.project_id, project_owner_id
        from public.projects
        where projects.id = craftlive.uuid(new.project_id);
        document.user_id := coalesce(project_owner_id, document.user_id, lens.add_nobody());
    end if;
    document.created_at := lens.time(new.created_at, coalesce(document.created_at, now()));
    kept := lens.kept('craftlive.document', to_jsonb(new), jsonb_build_object(
        'project_id', document.project_id,
        'created_at', document.created_at
    ));
    if tg_op = 'INSERT' then
        insert into public.documents (id, user_id, project_id, filename, content_type, kept, created_at)
        values (
            new.id, document.user_id, document.project_id, new.filename, new.content_type, kept, document.created_at
        );
    else
        update public.documents set
            id = new.id,
            user_id = document.user_id,
            project_id = document.project_id,
            filename = new.filename,
            content_type = new.content_type,
            kept = lens.merge(documents.kept, 'craftlive.document', kept),
            created_at = document.created_at
        where documents.id = old.id;
    end if;
    return new;
end;
$$;
create trigger insert_document instead of insert on craftlive.document
    for each row execute function craftlive.write_document();
create trigger update_document instead of update on craftlive.document
    for each row execute function craftlive.write_document();
create trigger delete_document instead of delete on craftlive.document
    for each row execute function lens.delete_row('documents', 'id', 'id');

create function craftlive.write_item() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    item public.items;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into item from public.items where items.id = old.id for update;
    end if;
    item.created_at := lens.time(new.created_at, coalesce(item.created_at, now()));
    kept := lens.kept('craftlive.item', to_jsonb(new), jsonb_build_object('created_at', item.created_at));
    if tg_op = 'INSERT' then
        insert into public.items (id, owner_id, title, description, kept, created_at)
        values (new.id, new.owner_id, new.title, new.description, kept, item.created_at);
    else
        update public.items set
            id = new.id,
            owner_id = new.owner_id,
            title = new.title,
            description = new.description,
            kept = lens.merge(items.kept, 'craftlive.item', kept),
            created_at = item.created_at
        where items.id = old.id;
    end if;
    return new;
end;
$$;
create trigger insert_item instead of insert on craftlive.item
    for each row execute function craftlive.write_item();
create trigger update_item instead of update on craftlive.item
    for each row execute function craftlive.write_item();
create trigger delete_item instead of delete on craftlive.item
    for each row execute function lens.delete_row('items', 'id', 'id');

create function craftlive.unlink(thread_id uuid) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
    update public.projects set
        description = lens.shown(
            projects.kept -> 'craftlive.project' -> 'description',
            craftlive.described(projects.description, projects.chat_id)
        ),
        chat_id = null
    where projects.chat_id = thread_id;
    update public.artifacts set chat_id = null where artifacts.chat_id = thread_id;
end;
$$;
comment on function craftlive.unlink(uuid) is
    'Parts a thread from its project, whose description goes on to say what it said: the marker is text from now on.';

create function craftlive.write_thread() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    chat public.chats;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into chat from public.chats where chats.id = old.id for update;
    end if;
    chat.created_at := lens.time(new.created_at, coalesce(chat.created_at, now()));
    kept := lens.kept('craftlive.thread', to_jsonb(new), jsonb_build_object('created_at', chat.created_at));
    if tg_op = 'INSERT' then
        insert into public.chats (id, user_id, title, kept, created_at)
        values (new.id, new.user_id, new.title, kept, chat.created_at);
    else
        if new.user_id is distinct from old.user_id then
            perform craftlive.unlink(old.id);
        end if;
        -- In one statement, because the owner is part of the keys by which these hang together.
        with moved_messages as (
            update public.messages set user_id = new.user_id
            where messages.chat_id = old.id and new.user_id is distinct from old.user_id
            returning messages.id
        ), moved_attachments as (
            update public.message_attachments set user_id = new.user_id
            from moved_messages
            where message_attachments.message_id = moved_messages.id
        ), moved_artifacts as (
            update public.message_artifacts set user_id = new.user_id
            from moved_messages
            where message_artifacts.message_id = moved_messages.id
        )
        update public.chats set
            id = new.id,
            user_id = new.user_id,
            title = new.title,
            kept = lens.merge(chats.kept, 'craftlive.thread', kept),
            created_at = chat.created_at
        where chats.id = old.id;
    end if;
    return new;
end;
$$;
create trigger insert_thread instead of insert on craftlive.thread
    for each row execute function craftlive.write_thread();
create trigger update_thread instead of update on craftlive.thread
    for each row execute function craftlive.write_thread();

create function craftlive.delete_thread() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform craftlive.unlink(old.id);
    delete from public.chats where chats.id = old.id;
    return old;
end;
$$;
create trigger delete_thread instead of delete on craftlive.thread
    for each row execute function craftlive.delete_thread();

create function craftlive.write_message() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    message public.messages;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into message from public.messages where messages.id = old.id for update;
        if new.thread_id is distinct from old.thread_id then
            message.parent_id := null;
        end if;
    end if;
    message.user_id := coalesce((select chats.user_id from public.chats where chats.id = new.thread_id), lens.nobody());
    message.content := coalesce(new.content, '');
    message.metadata := lens.object(new.metadata);
    message.created_at := lens.time(new.created_at, coalesce(message.created_at, now()));
    kept := lens.kept('craftlive.message', to_jsonb(new), jsonb_build_object(
        'content', message.content,
        'metadata', message.metadata,
        'created_at', message.created_at
    ));
    if tg_op = 'INSERT' then
        insert into public.messages (id, chat_id, user_id, role, content, metadata, kept, created_at)
        values (
            new.id, new.thread_id, message.user_id, new.role, message.content, message.metadata, kept, message.created_at
        );
    else
        -- In one statement, because thread and owner are part of the keys by which these hang together.
        with left_answers as (
            update public.messages set parent_id = null
            where messages.parent_id = old.id and messages.chat_id <> new.thread_id
        ), moved_attachments as (
            update public.message_attachments set user_id = message.user_id
            where message_attachments.message_id = old.id and message_attachments.user_id <> message.user_id
        ), moved_artifacts as (
            update public.message_artifacts set user_id = message.user_id
            where message_artifacts.message_id = old.id and message_artifacts.user_id <> message.user_id
        )
        update public.messages set
            id = new.id,
            chat_id = new.thread_id,
            user_id = message.user_id,
            role = new.role,
            content = message.content,
            metadata = message.metadata,
            parent_id = message.parent_id,
            kept = lens.merge(messages.kept, 'craftlive.message', kept),
            created_at = message.created_at
        where messages.id = old.id;
        if new.thread_id is distinct from old.thread_id then
            perform lens.count_moved(old.thread_id, new.thread_id);
        end if;
    end if;
    return new;
end;
$$;
create trigger insert_message instead of insert on craftlive.message
    for each row execute function craftlive.write_message();
create trigger update_message instead of update on craftlive.message
    for each row execute function craftlive.write_message();
create trigger delete_message instead of delete on craftlive.message
    for each row execute function lens.delete_row('messages', 'id', 'id');

create function craftlive.write_message_attachment() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    attachment public.message_attachments;
    message_chat_id uuid;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into attachment from public.message_attachments where message_attachments.id = old.id for update;
    end if;
    -- Locked, so that no two writers take the same position.
    select messages.chat_id, messages.user_id into message_chat_id, attachment.user_id
    from public.messages
    where messages.id = new.message_id
    for no key update;
    attachment.user_id := coalesce(attachment.user_id, lens.nobody());
    if new.thread_id <> message_chat_id and not exists (select from public.chats where chats.id = new.thread_id) then
        raise foreign_key_violation using
            message = format('there is no thread %s', new.thread_id),
            constraint = 'message_attachment_thread_id_fkey';
    end if;
    if tg_op = 'INSERT' or new.message_id is distinct from old.message_id then
        attachment.position := 1 + coalesce(
            (
                select max(message_attachments.position)
                from public.message_attachments
                where message_attachments.message_id = new.message_id
            ),
            0
        );
    end if;
    -- Only a new size is written: the view may show less than there is.
    if tg_op = 'INSERT' or new.size_bytes is distinct from old.size_bytes then
        attachment.size_bytes := coalesce(new.size_bytes, 0);
    end if;
    attachment.original_name := coalesce(new.original_name, '');
    attachment.mime_type := coalesce(new.mime_type, 'application/octet-stream');
    attachment.created_at := lens.time(new.created_at, coalesce(attachment.created_at, now()));
    kept := lens.kept('craftlive.message_attachment', to_jsonb(new), jsonb_build_object(
        'thread_id', message_chat_id,
        'user_id', attachment.user_id,
        'original_name', attachment.original_name,
        'mime_type', attachment.mime_type,
        'size_bytes', least(attachment.size_bytes, 2147483647),
        'created_at', attachment.created_at
    ));
    if tg_op = 'INSERT' then
        insert into public.message_attachments (
            id, message_id, user_id, position, original_name, mime_type, size_bytes, kept, created_at
        )
        values (
            new.id, new.message_id, attachment.user_id, attachment.position, attachment.original_name, attachment.mime_type,
            attachment.size_bytes, kept, attachment.created_at
        );
    else
        update public.message_attachments set
            id = new.id,
            message_id = new.message_id,
            user_id = attachment.user_id,
            position = attachment.position,
            original_name = attachment.original_name,
            mime_type = attachment.mime_type,
            size_bytes = attachment.size_bytes,
            kept = lens.merge(message_attachments.kept, 'craftlive.message_attachment', kept),
            created_at = attachment.created_at
        where message_attachments.id = old.id;
    end if;
    return new;
end;
$$;
create trigger insert_message_attachment instead of insert on craftlive.message_attachment
    for each row execute function craftlive.write_message_attachment();
create trigger update_message_attachment instead of update on craftlive.message_attachment
    for each row execute function craftlive.write_message_attachment();
create trigger delete_message_attachment instead of delete on craftlive.message_attachment
    for each row execute function lens.delete_row('message_attachments', 'id', 'id');

create function craftlive.write_message_artifact() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    artifact public.message_artifacts;
    kept jsonb;
begin
    if tg_op = 'UPDATE' then
        select * into artifact from public.message_artifacts where message_artifacts.id = old.id for update;
    end if;
    artifact.user_id := coalesce(
        (select messages.user_id from public.messages where messages.id = new.message_id), lens.nobody()
    );
    artifact.payload := coalesce(nullif(new.payload, 'null'), '{}');
    -- A generatedFileMap that is written here takes the place of one that was apart.
    if artifact.payload ? 'generatedFileMap' then
        artifact.blob_id := null;
    end if;
    artifact.created_at := lens.time(new.created_at, coalesce(artifact.created_at, now()));
    kept := lens.kept('craftlive.message_artifact', to_jsonb(new), jsonb_build_object(
        'payload', artifact.payload,
        'created_at', artifact.created_at
    ));
    if tg_op = 'INSERT' then
        insert into public.message_artifacts (id, message_id, user_id, payload, kept, created_at)
        values (new.id, new.message_id, artifact.user_id, artifact.payload, kept, artifact.created_at);
    else
        update public.message_artifacts set
            id = new.id,
            message_id = new.message_id,
            user_id = artifact.user_id,
            payload = artifact.payload,
            blob_id = artifact.blob_id,
            kept = lens.merge(message_artifacts.kept, 'craftlive.message_artifact', kept),
            created_at = artifact.created_at
        where message_artifacts.id = old.id;
    end if;
    return new;
end;
$$;
create trigger insert_message_artifact instead of insert on craftlive.message_artifact
    for each row execute function craftlive.write_message_artifact();
create trigger update_message_artifact instead of update on craftlive.message_artifact
    for each row execute function craftlive.write_message_artifact();
create trigger delete_message_artifact instead of delete on craftlive.message_artifact
    for each row execute function lens.delete_row('message_artifacts', 'id', 'id');

create function craftlive.resolve_or_create_project_for_thread(thread uuid, owner uuid, name text) returns uuid
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    marker text := craftlive.marker(thread);
    project_id uuid;
begin
    -- For threads that are not here, which no constraint watches over.
    perform pg_advisory_xact_lock(hashtextextended(marker, 0));
    loop
        select projects.id into project_id
        from public.projects
        where projects.chat_id = thread and projects.owner_id = owner;
        exit when found;
        select projects.id into project_id
        from public.projects
        where projects.owner_id = owner and projects.chat_id is null and projects.description like '%' || marker || '%'
        order by projects.created_at, projects.id
        limit 1;
        if found then
            -- Links it, should the thread have come meanwhile.
            update craftlive.project set description = project.description
            where project.id = project_id
              and exists (select from public.chats where chats.id = thread and chats.user_id = owner);
            exit;
        end if;
        insert into public.projects (owner_id, name, description, chat_id)
        select owner, name, case when chats.id is null then marker end, chats.id
        from (values (thread)) as given (chat_id)
        left join public.chats on chats.id = given.chat_id and chats.user_id = owner
        on conflict on constraint projects_chat_id_key do nothing
        returning projects.id into project_id;
        exit when found;
    end loop;
    return project_id;
end;
$$;
comment on function craftlive.resolve_or_create_project_for_thread(uuid, uuid, text) is
    'The project of a thread, made where it is missing: the same one for all who ask at once.';

create function craftlive.attach(relation text, row_id uuid, column_name text, blob_id uuid) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
    if (relation, column_name) is distinct from ('artifact_record', 'content') then
        raise invalid_parameter_value using message = format('craftlive.%s.%s names no file', relation, column_name);
    end if;
    update public.artifact_records set bundle_blob_id = blob_id where artifact_records.id = row_id;
end;
$$;
comment on function craftlive.attach(text, uuid, text, uuid) is 'Gives a row the file that its content.bundle_ref names.';

create function craftlive.finish_import() returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    -- Projects and threads come from two databases, in either order; writing the description again links what can be.
    update craftlive.project set description = project.description
    where project.id in (
        select distinct on (chats.id) projects.id
        from public.projects
        join public.chats
            on chats.id = craftlive.marked_thread(craftlive.marker_in(projects.description))
            and chats.user_id = projects.owner_id
        where projects.chat_id is null
          and projects.description like '%[chat-thread:%'
          and not exists (select from public.projects as taken where taken.chat_id = chats.id)
        order by chats.id, projects.created_at, projects.id
    );
    update craftlive.document set project_id = document.project_id
    where document.id in (
        select documents.id
        from public.documents
        join public.projects
            on projects.id = craftlive.uuid(documents.kept -> 'craftlive.document' -> 'project_id' ->> 'was')
        where documents.project_id is null
    );
end;
$$;
comment on function craftlive.finish_import() is 'Links projects and documents with threads and projects that came after them.';

select lens.publish('craftlive');
