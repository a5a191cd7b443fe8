//! GET /v1/chats/{id}/export: a chat as a file.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    Context, Download, Endpoint, Input, Nothing, Problem, Route, Sql, Storage,
    context::{read_all, read_one},
    model::{
        chats::{CHAT, Chat},
        messages::{Message, OF_CHAT, select_page},
    },
    page::{Cursor, Keyset, cut},
    reply::FileContent,
    sql,
};
use uuid::Uuid;

use crate::messages::create::ChatPath;

/// Exports a chat.
pub struct ExportChat;

/// Messages that one reply has at most.
const MOST: usize = 1000;

/// How to export it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// What to make of it.
    #[serde(default)]
    format: Format,
    /// Where the file before ended: its `next_cursor`.
    #[serde(default)]
    after: Option<Cursor>,
}

/// A form of file.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Format {
    /// All there is.
    #[default]
    Json,
    /// To read.
    Markdown,
}

/// A chat with its messages.
#[derive(Serialize, JsonSchema)]
pub struct ChatExport {
    /// The chat.
    chat: Chat,
    /// Its messages, oldest first, those of all branches: up to 1,000, or 4 MB of them.
    messages: Vec<Message>,
    /// Give it as `after` for the messages that follow; null where these are the last ones.
    next_cursor: Option<Cursor>,
}

impl Endpoint for ExportChat {
    const ROUTE: Route =
        Route::get("/v1/chats/{id}/export", "Export a chat as JSON or Markdown").storage(Storage::Read).memory(512);
    type Path = ChatPath;
    type Query = Options;
    type Body = Nothing;
    type Reply = Download<ChatExport>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (id, Options { format, after }) = (input.path.id, input.query);
        let chat = sql(format!("select {CHAT} where chats.id = $1 and chats.user_id = auth.uid()")).bind(id);
        let [chat, messages] = context.fly([chat, select_messages(id, after)]).await?;
        let chat: Chat = read_one(&chat)?;
        let mut messages: Vec<Message> = read_all(&messages)?;
        let bucket = context.bucket()?;
        messages.iter_mut().try_for_each(|message| message.sign(bucket))?;
        let more = cut(&mut messages, MOST);
        let next_cursor = messages.last().filter(|_| more).map(Keyset::cursor);
        let next = next_cursor.map(|cursor| next_url(id, format, cursor)).transpose()?;
        let title: String = chat.title.as_deref().unwrap_or("Chat").split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(match format {
            Format::Json => {
                let content = FileContent::Json(ChatExport { chat, messages, next_cursor });
                Download { file_name: format!("{title}.json"), content, next }
            }
            Format::Markdown => {
                let heading = if after.is_none() { format!("# {title}\n\n") } else { String::new() };
                let content =
                    FileContent::Markdown(messages.iter().map(markdown).fold(heading, |text, part| text + &part));
                Download { file_name: format!("{title}.md"), content, next }
            }
        })
    }
}

fn select_messages(chat_id: Uuid, after: Option<Cursor>) -> Sql {
    sql(select_page(OF_CHAT, after, "asc", &(MOST + 1).to_string()))
        .bind(chat_id)
        .bind(after.map(|cursor| cursor.created_at))
        .bind(after.map(|cursor| cursor.id))
}

fn next_url(id: Uuid, format: Format, cursor: Cursor) -> Result<String, Problem> {
    let cursor = serde_json::to_value(cursor).map_err(Problem::internal)?;
    let format = if format == Format::Json { "json" } else { "markdown" };
    Ok(format!("/v1/chats/{id}/export?format={format}&after={}", cursor.as_str().unwrap_or_default()))
}

/// A rule and who spoke stand between messages; what they said stands as it is.
fn markdown(message: &Message) -> String {
    let mut text = format!("---\n\n**{}** · {}\n\n{}\n\n", message.role, message.created_at, message.content);
    for attachment in &message.attachments.0 {
        let name = attachment.original_name.split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(text, "Attached: {name} ({}, {} bytes)\n", attachment.mime_type, attachment.size_bytes)
            .expect("a string takes what is written");
    }
    text
}
