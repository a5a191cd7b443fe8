//! POST /v1/chats/imports: take over chats of ChatGPT or LibreChat.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Resource, Route, Sql, Storage,
    context::read_one,
    from_row,
    import::{ImportedChat, Skip, Skips, Source, read, split},
    problem, sql,
};
use uuid::Uuid;

/// Takes over the chats of a file. The same file again adds only what is missing.
pub struct ImportChats;

/// Bytes that a file has at most.
const LARGEST_FILE: i64 = 50 * 1024 * 1024;

/// Messages, and bytes of their text, that are stored at once.
const BATCH: (usize, usize) = (500, 1024 * 1024);

/// Time to store messages in, of the 30 seconds that the gateway waits.
const TIME: Duration = Duration::from_secs(18);

/// What to take over.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"upload": "0199f0c5-6f5e-7c3a-9d64-0f2a7f6f3a10", "format": "chatgpt"}))]
pub struct NewImport {
    /// A completed upload of the caller's, declared for file: `conversations.json` of ChatGPT, or LibreChat's JSON; at
    /// most 50 MiB.
    upload: Uuid,
    /// What it is; left out, that is seen from the file.
    #[serde(default)]
    format: Option<Source>,
}

/// What was taken over.
#[derive(Serialize, JsonSchema)]
pub struct ImportReport {
    /// Chats that are new.
    chats: i64,
    /// Messages that are new, in these chats or in those that came with an earlier import.
    messages: i64,
    /// What was left out, the first 1,000.
    skipped: Vec<Skip>,
    /// How much was left out.
    skipped_count: u64,
    /// False where time ran out: the same request again goes on.
    is_complete: bool,
}

impl Resource for ImportReport {}

struct File {
    storage_key: String,
    size: i64,
}

from_row!(File { storage_key, size });

struct Count {
    count: i64,
}

from_row!(Count { count });

impl Endpoint for ImportChats {
    const ROUTE: Route = Route::post("/v1/chats/imports", "Take over chats of ChatGPT or LibreChat")
        .storage(Storage::Write)
        .memory(1024)
        .timeout(29)
        .problems(&[&problem::INVALID_REFERENCE]);
    type Path = Nothing;
    type Query = Nothing;
    type Body = NewImport;
    type Reply = Json<ImportReport>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let begun = Instant::now();
        let bytes = fetch(input.body.upload, context).await?;
        let conversations = split(&bytes).map_err(|detail| Problem::invalid("/upload", detail))?;
        let mut skips = Skips::default();
        let mut report =
            ImportReport { chats: 0, messages: 0, skipped: Vec::new(), skipped_count: 0, is_complete: true };
        let (mut batch, mut seen) = (Batch::default(), HashSet::new());
        // Further flights: what the first one found lay in the bucket, and no flight may take all of a large file.
        'file: for (place, conversation) in conversations.iter().enumerate() {
            let Some(chat) = read(place, conversation, input.body.format, &mut skips) else { continue };
            if !seen.insert(chat.external_key.clone()) {
                skips.add(format!("conversation {}", place + 1), "is in the file twice");
                continue;
            }
            batch.begin(&chat);
            for place in 0..chat.messages.len() {
                if batch.is_full() {
                    batch.store(context, &mut report).await?;
                    if begun.elapsed() > TIME {
                        report.is_complete = false;
                        break 'file;
                    }
                    batch.begin(&chat);
                }
                batch.add(&chat, place);
            }
        }
        batch.store(context, &mut report).await?;
        (report.skipped, report.skipped_count) = (skips.listed, skips.count);
        Ok(Json(report))
    }
}

async fn fetch(upload_id: Uuid, context: &mut Context) -> Result<Vec<u8>, Problem> {
    let select = sql("
        select blobs.storage_key, blobs.size
        from uploads
        join blobs on blobs.id = uploads.blob_id
        where uploads.id = $1
          and uploads.user_id = auth.uid()
          and uploads.purpose = 'file'
          and uploads.state = 'ready'
          and blobs.storage_key is not null
    ")
    .bind(upload_id);
    let [file] = context.fly([select]).await?;
    if file.is_empty() {
        let kind = &problem::INVALID_REFERENCE;
        return Err(Problem::new(kind, kind.title).at("/upload", "must be a completed upload, declared for file"));
    }
    let file: File = read_one(&file)?;
    if file.size > LARGEST_FILE {
        return Err(Problem::invalid("/upload", format!("must have at most {LARGEST_FILE} bytes")));
    }
    let size = usize::try_from(file.size).map_err(Problem::internal)?;
    context.bucket()?.client().read(&file.storage_key, size).await
}

/// Chats and messages to store in one flight.
#[derive(Default)]
struct Batch {
    keys: Vec<String>,
    titles: Vec<Option<String>>,
    begun: Vec<Timestamp>,
    ids: Vec<Uuid>,
    chat_keys: Vec<String>,
    roles: Vec<String>,
    contents: Vec<String>,
    metadata: Vec<Value>,
    client_ids: Vec<String>,
    parent_client_ids: Vec<Option<String>>,
    parent_ids: Vec<Option<Uuid>>,
    created_at: Vec<Timestamp>,
    bytes: usize,
    /// Where the messages of the chat that is being added begin, in the chat and here.
    first: (usize, usize),
}

impl Batch {
    fn is_full(&self) -> bool {
        self.ids.len() >= BATCH.0 || self.bytes >= BATCH.1
    }

    fn begin(&mut self, chat: &ImportedChat) {
        self.keys.push(chat.external_key.clone());
        self.titles.push(chat.title.clone());
        self.begun.push(chat.created_at);
        self.first = (0, self.ids.len());
    }

    fn add(&mut self, chat: &ImportedChat, place: usize) {
        if self.ids.len() == self.first.1 {
            self.first.0 = place;
        }
        let message = &chat.messages[place];
        // A parent of an earlier batch is there by now, and found by its own id.
        let parent_id = |parent: usize| Some(self.ids[self.first.1 + parent.checked_sub(self.first.0)?]);
        self.parent_ids.push(message.parent.and_then(parent_id));
        self.parent_client_ids.push(message.parent.map(|parent| chat.messages[parent].client_id.clone()));
        self.ids.push(id_at(message.created_at));
        self.chat_keys.push(chat.external_key.clone());
        self.roles.push(message.role.as_str().to_owned());
        self.contents.push(message.content.clone());
        self.metadata.push(message.metadata.clone());
        self.client_ids.push(message.client_id.clone());
        self.created_at.push(message.created_at);
        self.bytes += message.content.len();
    }

    async fn store(&mut self, context: &mut Context, report: &mut ImportReport) -> Result<(), Problem> {
        let batch = std::mem::take(self);
        if batch.keys.is_empty() {
            return Ok(());
        }
        let [chats, _, messages] =
            context.fly([batch.insert_chats(), batch.lock_chats(), batch.insert_messages()]).await?;
        report.chats += read_one::<Count>(&chats)?.count;
        report.messages += read_one::<Count>(&messages)?.count;
        Ok(())
    }

    fn insert_chats(&self) -> Sql {
        sql("
            with inserted as (
                insert into chats (user_id, external_key, title, created_at)
                select auth.uid(), new.external_key, new.title, new.created_at
                from unnest($1::text[], $2::text[], $3::timestamptz[]) as new (external_key, title, created_at)
                order by new.external_key
                on conflict do nothing
                returning id
            )
            select count(*) from inserted
        ")
        .bind(self.keys.clone())
        .bind(self.titles.clone())
        .bind(self.begun.clone())
    }

    /// Of two imports of the same file one waits here, and then sees what the other stored.
    fn lock_chats(&self) -> Sql {
        sql("
            select id
            from chats
            where user_id = auth.uid() and external_key = any($1) and container_id is null
            order by id
            for no key update
        ")
        .bind(self.keys.clone())
    }

    fn insert_messages(&self) -> Sql {
        sql("
            with inserted as (
                insert into messages (id, chat_id, user_id, role, content, metadata, parent_id, client_id, created_at)
                select
                    new.id, chats.id, chats.user_id, new.role, new.content, new.metadata,
                    coalesce(parents.id, new.parent_id), new.client_id, new.created_at
                from unnest(
                    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::text[], $8::uuid[],
                    $9::timestamptz[]
                ) as new (
                    id, chat_key, role, content, metadata, client_id, parent_client_id, parent_id, created_at
                )
                join chats on chats.user_id = auth.uid()
                    and chats.external_key = new.chat_key
                    and chats.container_id is null
                left join messages parents on parents.chat_id = chats.id and parents.client_id = new.parent_client_id
                on conflict (chat_id, client_id) do nothing
                returning id
            )
            select count(*) from inserted
        ")
        .bind(self.ids.clone())
        .bind(self.chat_keys.clone())
        .bind(self.roles.clone())
        .bind(self.contents.clone())
        .bind(self.metadata.clone())
        .bind(self.client_ids.clone())
        .bind(self.parent_client_ids.clone())
        .bind(self.parent_ids.clone())
        .bind(self.created_at.clone())
    }
}

/// An id that sorts where the time does.
fn id_at(time: Timestamp) -> Uuid {
    match (u64::try_from(time.as_second()), u32::try_from(time.subsec_nanosecond())) {
        (Ok(seconds), Ok(nanoseconds)) => {
            Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanoseconds))
        }
        _ => Uuid::now_v7(),
    }
}
