-- What a column's name does not say: units, what null means, where a rule comes from. tests/schema.rs asks it of every column.

comment on table refinery_schema_history is 'Which migrations were applied: written by the migrator alone.';

comment on column users.email is
    'What the user signs in with, seen by nobody else; unique whatever its case. SMTP delivers to 254 characters (RFC 5321).';
comment on column users.name is 'Full name: full_name of craftlive, name of december; null where none was given.';
comment on column users.given_name is 'first_name of aio; null where only a full name is known.';
comment on column users.family_name is 'last_name of aio; null where only a full name is known.';
comment on column users.preferences is 'Whatever clients keep for the user, as of aio.';
comment on column users.is_active is 'False: nobody can sign in, and the sessions there are authenticate no longer.';
comment on column users.is_superuser is 'Administers this Atelier, as in craftlive: auth.is_superuser().';
comment on column users.last_login_at is
    'Last sign-in, whereas sessions.last_activity_at is last use; null where there was none.';

comment on column sessions.ip_address is 'Where the sign-in came from, as the gateway saw it; null where it did not say.';
comment on column sessions.user_agent is 'User-Agent of the sign-in (RFC 9110, section 10.1.5); null where it had none.';
comment on column sessions.is_active is 'False once signed out; such rows may go by the retention policy sessions.';
comment on column sessions.expires_at is '30 days after sign-in, never prolonged.';

comment on column profiles.display_name is 'Null where none was given: then there is the handle.';
comment on column profiles.bio is 'The user in their own words; null where they said nothing. users.bio of aio too.';
comment on column profiles.avatar_blob_id is
    'A picture that was decoded before it was taken; null without one. The avatar_url of storage, canonical, december and aio.';
comment on column profiles.gender is 'As the user calls it; null where they did not say.';
comment on column profiles.city is 'Null where the user did not say.';
comment on column profiles.country is 'As the user calls it, no code; null where they did not say.';

comment on column blobs.sha256 is 'Of the bytes before any encoding, 32 bytes: their name. A user has the same bytes once.';
comment on column blobs.content_type is 'The media type they first came with.';
comment on column blobs.encoding is
    'How content is kept: as it is, or compressed by zstd (RFC 8878). The bucket has the bytes as they are.';

comment on column uploads.purpose is
    'What the bytes are for, which decides how large they may be, and whether they must be a picture.';
comment on column uploads.filename is 'As the client calls it. No path is made of it.';
comment on column uploads.content_type is 'Media type as declared; for a picture, as found by decoding it too.';
comment on column uploads.size is 'Bytes, as declared; the bucket refuses another number.';
comment on column uploads.sha256 is 'As declared, 32 bytes; verified before there is a blob.';
comment on column uploads.state is 'Ready once the bytes were verified, which blob_id being set says too.';
comment on column uploads.multipart_id is
    'The bucket''s name for an upload in parts; null where one PUT carries the whole, up to 16 MiB.';
comment on column uploads.blob_id is 'The verified bytes; null before.';
comment on column uploads.thumb_blob_id is 'A small JPEG that was made of the picture; null before, and where it is none.';

comment on column chats.title is 'Null where none was given.';

comment on column chat_counts.chat_id is 'No row: nothing was counted yet.';
comment on column chat_counts.slot is '0 to 15: each connection has its own, so that a transaction stays in one.';
comment on column chat_counts.messages is
    'This slot''s share, which can be negative: a message may be uncounted in another slot than it was counted in.';

comment on column messages.chat_id is 'Together with user_id, so that a chat holds its owner''s messages only.';
comment on column messages.role is 'Who speaks: the person, the model, a model at work on its own (craftlive), the product.';
comment on column messages.content is 'As it was said; empty where there are only attachments.';
comment on column messages.metadata is 'Whatever the client keeps with it, such as runMode of craftlive.';

comment on column message_attachments.message_id is
    'Together with user_id, so that a message holds its owner''s attachments only.';
comment on column message_attachments.user_id is 'The owner of the message''s chat.';
comment on column message_attachments.position is 'Order within the message, ascending.';
comment on column message_attachments.original_name is 'File name as the client calls it. No path is made of it.';
comment on column message_attachments.mime_type is 'Media type as declared.';

comment on column projects.name is 'Free text, not unique.';
comment on column projects.description is
    'Null where none was given. The [chat-thread:ID] marker of craftlive is not in it, but in chat_id.';
comment on column projects.status is 'The list of december.';
comment on column projects.container_id is 'The sandbox that it runs in; null without one, or once that is gone.';
comment on column projects.metadata is 'Whatever the client keeps with it.';
comment on column projects.settings is 'How it is built and run, as the client names it.';

comment on column artifacts.owner_user_id is 'Who made or forked it. Never changed: forks name it too.';
comment on column artifacts.title is 'title of storage and canonical, name of aio.';
comment on column artifacts.description is 'Null where none was given.';
comment on column artifacts.visibility is 'The list of storage: private is for its owner alone, public is in the gallery.';
comment on column artifacts.tool_name is 'The tool that made it, as in tool_usage; null where none did.';
comment on column artifacts.metadata is 'Whatever the client or the tool keeps with it.';
comment on column artifacts.chat_id is
    'The owner''s chat that it came out of; null without one, or once that is gone. session_id of aio.';
comment on column artifacts.project_id is 'The owner''s project that it belongs to; null without one, or once that is gone.';
comment on column artifacts.forked_from_id is 'The artifact that was forked; null for an original, or once that is gone.';
comment on column artifacts.forked_from_owner_user_id is 'Whose that was when it was forked; null like forked_from_id.';
comment on column artifacts.forked_from_version_id is 'The version that was forked; null like forked_from_id.';
comment on column artifacts.forked_from_version_label is
    'The label of that version, or v and its index where it had none. It stays when that version is gone.';
comment on column artifacts.origin_owner_user_id is 'Whose the first ancestor was; null for an original.';
comment on column artifacts.source_session_id is
    'The client''s name for the generation session it came out of, no session of a user; null where none is known.';
comment on column artifacts.current_version_id is 'The newest version; null before the first.';
comment on column artifacts.versioning_enabled is
    'Whether others see versions before the current one: the publish setting of storage.';
comment on column artifacts.chat_history_public is
    'Whether others see the chats behind versions: the publish setting of storage.';

comment on column artifact_versions.artifact_id is 'Versions go with their artifact.';
comment on column artifact_versions.version_index is 'From 1, one more than the version before.';
comment on column artifact_versions.parent_version_id is
    'The version that it was made from; null for the first, and for a fork''s first.';
comment on column artifact_versions.summary is 'What changed; null where nobody said.';
comment on column artifact_versions.label is 'Name of the version, not unique; null without one.';
comment on column artifact_versions.code_language is
    'Main language of its files, as the client names it; null where none is known.';
comment on column artifact_versions.session_id is
    'The client''s name for the generation session, as artifacts.source_session_id; null where none is known.';
comment on column artifact_versions.credits_used_estimate is 'Credits; null where none is known.';
comment on column artifact_versions.stats is 'Whatever the client measured, as in canonical.';
comment on column artifact_versions.files_count is 'Files in its manifest.';
comment on column artifact_versions.deletions is 'Lines removed against the parent version.';

comment on column artifact_files.artifact_id is 'A path has one blob at a time: spans of the same path do not overlap.';
comment on column artifact_files.path is 'Relative, with / between folders.';
comment on column artifact_files.first_index is 'version_index of the first version that has this blob here.';
comment on column artifact_files.last_index is 'version_index of the last one; null while the newest has it.';
comment on column artifact_files.blob_id is 'The bytes, which may belong to the owner of what was forked.';
comment on column artifact_files.language is 'As the client names it; null where none is known.';

comment on column artifact_version_chats.version_id is 'At most one chat a version; most have none.';
comment on column artifact_version_chats.artifact_id is
    'The artifact of the version, for the policy that reads chat_history_public.';
comment on column artifact_version_chats.chat is 'The transcript as the client sent it.';

comment on column artifact_media.artifact_id is 'No row: no picture yet.';
comment on column artifact_media.screenshot_blob_id is
    'A picture that was decoded before it was taken; null without one. screenshot_url of storage and canonical.';
comment on column artifact_media.thumb_blob_id is
    'A small JPEG made of the screenshot; null without one. thumb_url of storage and canonical.';

comment on column artifact_likes.artifact_id is 'A user likes an artifact once.';

comment on column artifact_counts.artifact_id is 'No row: nothing was counted yet.';
comment on column artifact_counts.slot is '0 to 15: each connection has its own, so that a transaction stays in one.';
comment on column artifact_counts.forks is
    'This slot''s share of the forks that exist; shares can be negative, their sum cannot.';
comment on column artifact_counts.imports is 'Likewise of the rows of artifact_imports.';
comment on column artifact_counts.likes is 'Likewise of the rows of artifact_likes.';
comment on column artifact_counts.comments is 'Likewise of the rows of artifact_comments.';

comment on column idempotency_keys.key_hash is 'SHA-256 of the Idempotency-Key, 32 bytes.';

comment on column containers.name is 'Free text, not unique.';
comment on column containers.status is 'The list of december.';
comment on column containers.image_name is 'The image that it runs; null where none is known.';
comment on column containers.started_at is 'When it last began to run; null before the first time.';
comment on column containers.stopped_at is 'When it last stopped; null before the first time.';

comment on column files.container_id is 'Together with user_id, so that a container holds its owner''s files only.';
comment on column files.file_path is 'Within the container, file name included; of files that are not deleted, unique there.';
comment on column files.file_name is 'The last part of file_path.';
comment on column files.mime_type is 'Media type; null where none is known.';

comment on column message_artifacts.message_id is 'Together with user_id, so that a message holds its owner''s artifact only.';
comment on column message_artifacts.user_id is 'The owner of the message''s chat.';

comment on column generation_runs.project_id is 'Together with user_id, so that a project holds its owner''s runs only.';
comment on column generation_runs.user_id is 'The owner of the project.';
comment on column generation_runs.status is
    'The list of craftlive: forward only, in this order, or to failed from any but completed.';
comment on column generation_runs.error is 'Why it failed; null where it did not, or nobody said.';
comment on column generation_runs.architecture_at is 'When this stage began; null before.';
comment on column generation_runs.implementer_at is 'When this stage began; null before.';
comment on column generation_runs.reviewer_at is 'When this stage began; null before.';
comment on column generation_runs.finished_at is 'When it completed or failed; null before.';

comment on column artifact_records.run_id is 'Together with user_id, so that a run holds its owner''s records only.';
comment on column artifact_records.user_id is 'The owner of the run''s project.';
comment on column artifact_records.stage is 'The list of craftlive; _N is the number of the pass or attempt.';

comment on column documents.filename is 'As the client calls it. No path is made of it.';
comment on column documents.content_type is 'Media type; null where none is known.';

comment on column items.title is 'Free text, not unique.';
comment on column items.description is 'Null where none was given.';

comment on column tool_usage.artifact_id is 'What the tool made or changed; null where that is nothing, or gone.';
comment on column tool_usage.tool_name is 'As in artifacts.tool_name; free text, as clients name tools.';
comment on column tool_usage.operation is 'What the tool was told to do; free text.';
comment on column tool_usage.parameters is 'What the tool was given.';

comment on column drive_files.artifact_id is
    'What the file is a copy of, or was made into; null where that is nothing. The row goes with it.';
comment on column drive_files.drive_file_id is 'Google Drive''s identifier; unique per user, as in aio.';
comment on column drive_files.name is 'File name in Google Drive.';
comment on column drive_files.mime_type is 'Media type as Google Drive has it, its own included; null where none is known.';

comment on column identities.issuer is
    'The provider''s URL: iss of OpenID Connect Core 1.0, section 2. A subject is unique within it.';

comment on column artifact_comments.artifact_id is 'An answer is to a comment of the same artifact.';
comment on column artifact_comments.body is 'Plain text.';

comment on column artifact_imports.artifact_id is 'A user imports an artifact once, into however many projects in turn.';

comment on column retention_policies.name is 'What it is about: a table, or messages_archive for archiving messages.';
comment on column retention_policies.action is 'What becomes of a row that is too old.';
comment on column retention_policies.is_enabled is 'False: nothing is removed.';

comment on column events.details is 'What else there is to say of it, by kind; no secrets.';

comment on column lens.imports.lens is 'The lens, the system that the source belongs to.';
comment on column lens.imports.started_at is 'When it was begun, not when it was last resumed.';
comment on column lens.imports.finished_at is 'When the source had been read to its end; null before.';
comment on column lens.import_relations.import_id is 'Goes with the import.';
comment on column lens.import_relations.relation is 'The lens''s view, which has the name of the source''s table.';
comment on column lens.import_relations.rows_read is 'Rows of the source so far: those taken, known and refused.';
comment on column lens.import_relations.rows_taken is 'Rows that were inserted.';
comment on column lens.import_relations.rows_refused is 'Rows that could not be taken: lens.import_problems lists each.';
comment on column lens.import_relations.is_complete is 'Whether the table was read to its end.';
comment on column lens.import_problems.import_id is 'Goes with the import.';
comment on column lens.import_problems.relation is 'The lens''s view, which has the name of the source''s table; or a folder.';
comment on column lens.import_problems.row_key is 'The key of the row in the source as text, or the name of the file.';
comment on column lens.import_problems.reason is 'What PostgreSQL, or the import, said.';
comment on column lens.import_problems.source_row is 'The row as it is in the source; null for a file.';

-- Views that a document derives from its tables have their columns' homes.
do $$
declare
    derived record;
begin
    for derived in
        select views.name, original.attname as column_name, col_description(original.attrelid, original.attnum) as home
        from (values
            ('december.active_containers', 'december.containers'),
            ('december.user_projects', 'december.projects'),
            ('aio.user_stats', 'aio.users')
        ) as views (name, source)
        join pg_attribute original on original.attrelid = views.source::regclass
        join pg_attribute copy on copy.attrelid = views.name::regclass and copy.attname = original.attname
    loop
        execute format('comment on column %s.%I is %L', derived.name, derived.column_name, derived.home);
    end loop;
end;
$$;
comment on column december.active_containers.project_name is 'projects.name';
comment on column december.active_containers.project_description is 'projects.description, projects.chat_id';
comment on column december.active_containers.user_email is 'users.email';
comment on column december.user_projects.container_status is 'containers.status';
comment on column december.user_projects.assigned_port is 'containers.assigned_port';
comment on column december.user_projects.url is 'containers.url';
comment on column december.user_projects.message_count is 'chat_counts.messages: the sum over the chats of its container';
comment on column aio.user_stats.user_created_at is 'users.created_at';
comment on column aio.user_stats.chat_sessions_count is 'chats.user_id: how many chats have it';
comment on column aio.user_stats.messages_count is
    'chat_counts.messages, messages.archived_at: the sum over the user''s chats, without what is archived';
comment on column aio.user_stats.artifacts_count is 'artifacts.owner_user_id: how many artifacts have it';
comment on column aio.user_stats.tool_uses_count is 'tool_usage.user_id: how many uses have it';
