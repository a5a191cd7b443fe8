//! Chats out of other products' exports: ChatGPT's `conversations.json` and LibreChat's JSON.
//!
//! Whatever is in such a file, reading it ends: with chats, and with a list of what was left out.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp, Unit};
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, json, value::RawValue};

use crate::{model::messages::Role, text::check_json};

/// Chats that a file has at most.
const MOST_CHATS: usize = 10_000;

/// Messages that a chat has at most.
const MOST_MESSAGES: usize = 100_000;

/// Bytes of JSON that one message has at most.
const MESSAGE_LIMIT: usize = 8 * 1024 * 1024;

/// Characters that a message's text has at most.
const TEXT_LIMIT: usize = 1_000_000;

/// Bytes of JSON to read in answers that are nested in what they answer: each is read once for each that it is within.
const NESTED_LIMIT: usize = 1024 * 1024 * 1024;

/// Entries of the list of what was left out.
const MOST_LISTED: usize = 1000;

/// What LibreChat says a first message answers.
const NO_PARENT: &str = "00000000-0000-0000-0000-000000000000";

/// The product that an export came out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Source {
    /// `conversations.json` of ChatGPT's export of all data.
    ChatGpt,
    /// LibreChat's export of a conversation as JSON, with or without branches, recursive or not.
    LibreChat,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::ChatGpt => "chatgpt",
            Self::LibreChat => "librechat",
        }
    }
}

/// A chat that was read.
#[derive(Debug, PartialEq)]
pub struct ImportedChat {
    /// The source and its id there: the same again is the same chat.
    pub external_key: String,
    /// What it is about.
    pub title: Option<String>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// What was said, each message behind the one it answers.
    pub messages: Vec<ImportedMessage>,
}

/// A message that was read.
#[derive(Debug, PartialEq)]
pub struct ImportedMessage {
    /// The source and its id there.
    pub client_id: String,
    /// Which of the chat's messages it answers.
    pub parent: Option<usize>,
    /// Who speaks.
    pub role: Role,
    /// What they say.
    pub content: String,
    /// What else the source had.
    pub metadata: Value,
    /// When it was said.
    pub created_at: Timestamp,
}

/// Something that was left out.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Skip {
    /// What.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// All that was left out: counted, and listed as long as that helps.
#[derive(Debug, Default)]
pub struct Skips {
    /// The first ones.
    pub listed: Vec<Skip>,
    /// How many there are.
    pub count: u64,
}

impl Skips {
    /// Adds something.
    pub fn add(&mut self, what: String, reason: impl Into<String>) {
        self.count += 1;
        if self.listed.len() < MOST_LISTED {
            self.listed.push(Skip { what, reason: reason.into() });
        }
    }
}

/// The conversations of a file, unread; what is wrong with it where it is none of ours.
pub fn split(bytes: &[u8]) -> Result<Vec<&RawValue>, String> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let problem = |error: serde_json::Error| format!("is no export: {error}");
    if bytes.trim_ascii_start().starts_with(b"[") {
        serde_json::from_slice::<Items<MOST_CHATS>>(bytes).map(|items| items.0).map_err(problem)
    } else {
        let whole: &RawValue = serde_json::from_slice(bytes).map_err(problem)?;
        if whole.get().starts_with('{') { Ok(vec![whole]) } else { Err("is no export: no list, no object".to_owned()) }
    }
}

/// What is said about a conversation, all of it unread.
#[derive(Deserialize)]
struct Conversation<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "conversation_id")]
    chatgpt_id: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "conversationId")]
    librechat_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    title: Option<&'a RawValue>,
    #[serde(borrow, default)]
    create_time: Option<&'a RawValue>,
    #[serde(borrow, default)]
    mapping: Option<&'a RawValue>,
    #[serde(borrow, default)]
    messages: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "messagesTree")]
    messages_tree: Option<&'a RawValue>,
}

/// Reads the conversation at this place of the file. Adds to `skips` what cannot be read of it, or all of it.
pub fn read(place: usize, raw: &RawValue, source: Option<Source>, skips: &mut Skips) -> Option<ImportedChat> {
    let unnamed = format!("conversation {}", place + 1);
    let Ok(conversation) = serde_json::from_str::<Conversation>(raw.get()) else {
        skips.add(unnamed, "is no conversation");
        return None;
    };
    let source = source.unwrap_or(match conversation.mapping {
        Some(_) => Source::ChatGpt,
        None => Source::LibreChat,
    });
    let id = match source {
        Source::ChatGpt => conversation.chatgpt_id.or(conversation.id),
        Source::LibreChat => conversation.librechat_id,
    };
    let Some(id) = id.map(value).as_ref().and_then(name) else {
        skips.add(unnamed, "has no id that can be kept");
        return None;
    };
    let what = format!("conversation {id}");
    let drafts = match source {
        Source::ChatGpt => chatgpt_drafts(conversation.mapping, &what, skips),
        Source::LibreChat => librechat_drafts(conversation.messages_tree.or(conversation.messages), &what, skips),
    };
    let drafts = match drafts {
        Ok(drafts) => drafts,
        Err(reason) => {
            skips.add(what, reason);
            return None;
        }
    };
    let begun = conversation.create_time.map(value).as_ref().and_then(time);
    let begun = begun.or_else(|| drafts.iter().filter_map(|draft| draft.message.as_ref()?.created_at).min());
    let created_at = begun.unwrap_or_else(Timestamp::now);
    let title = conversation.title.map(value).and_then(|title| Some(without_nul(title.as_str()?)));
    let title = title.map(|title| title.trim().chars().take(200).collect()).filter(|title: &String| !title.is_empty());
    let messages = connect(drafts, source, created_at, &what, skips);
    Some(ImportedChat { external_key: format!("{}:{id}", source.name()), title, created_at, messages })
}

/// A node of a conversation: a message, or a mere link between others.
struct Draft {
    id: String,
    parent: Option<String>,
    message: Option<DraftMessage>,
}

struct DraftMessage {
    role: Role,
    content: String,
    metadata: Value,
    created_at: Option<Timestamp>,
}

fn chatgpt_drafts(mapping: Option<&RawValue>, what: &str, skips: &mut Skips) -> Result<Vec<Draft>, String> {
    let mapping = mapping.ok_or("has no mapping of messages")?;
    let Entries(entries) =
        serde_json::from_str(mapping.get()).map_err(|error| format!("has a mapping that cannot be read: {error}"))?;
    let mut drafts = Vec::with_capacity(entries.len());
    for (id, raw) in entries {
        let what = message_of(&id, what);
        let Some(node) = small_value(raw).filter(Value::is_object) else {
            skips.add(what, "is no message, or larger than 8 MiB");
            continue;
        };
        let message = &node["message"];
        let message = match message {
            Value::Null => None,
            message if message["metadata"]["is_visually_hidden_from_conversation"] == true => None,
            message => chatgpt_message(message, &what, skips),
        };
        drafts.push(Draft { id, parent: node["parent"].as_str().map(str::to_owned), message });
    }
    Ok(drafts)
}

fn chatgpt_message(message: &Value, what: &str, skips: &mut Skips) -> Option<DraftMessage> {
    let role = match message["author"]["role"].as_str() {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("system") => Role::System,
        Some("tool") => Role::Agent,
        _ => {
            skips.add(what.to_owned(), "has no role that is known");
            return None;
        }
    };
    let content = &message["content"];
    let kind = content["content_type"].as_str().unwrap_or("text");
    let mut texts = Vec::new();
    let mut others = Vec::new();
    for part in content["parts"].as_array().into_iter().flatten() {
        match part.as_str().or_else(|| part["text"].as_str()) {
            Some(text) => texts.push(text.to_owned()),
            None => others.push(part.clone()),
        }
    }
    for thought in content["thoughts"].as_array().into_iter().flatten() {
        texts.extend(["summary", "content"].iter().filter_map(|name| thought[name].as_str()).map(str::to_owned));
    }
    let plain = ["text", "result", "content"].iter().find_map(|name| content[name].as_str());
    match (plain, content["language"].as_str()) {
        (Some(code), Some(language)) if kind == "code" => {
            let language = if language == "unknown" { "" } else { language };
            texts.push(format!("```{language}\n{code}\n```"));
        }
        (Some(text), _) => texts.push(text.to_owned()),
        (None, _) => {}
    }
    let mut metadata = json!({"source": Source::ChatGpt.name(), "content_type": kind});
    for (name, value) in [("model", &message["metadata"]["model_slug"]), ("author", &message["author"]["name"])] {
        if value.is_string() {
            metadata[name] = value.clone();
        }
    }
    keep_attachments(&message["metadata"]["attachments"], &mut metadata);
    draft_message(role, &texts, others, metadata, time(&message["create_time"]), what, skips)
}

/// What LibreChat says of a message, all of it unread.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LibreChatMessage<'a> {
    #[serde(borrow, default)]
    message_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    parent_message_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    is_created_by_user: Option<&'a RawValue>,
    #[serde(borrow, default)]
    sender: Option<&'a RawValue>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    created_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
    #[serde(borrow, default)]
    files: Option<&'a RawValue>,
    #[serde(borrow, default)]
    children: Option<&'a RawValue>,
}

fn librechat_drafts(messages: Option<&RawValue>, what: &str, skips: &mut Skips) -> Result<Vec<Draft>, String> {
    let mut drafts = Vec::new();
    let mut lists = vec![(messages.ok_or("has no messages")?, None::<String>)];
    let mut bytes_read = 0;
    // Without recursion: answers may be nested thousands deep.
    while let Some((list, parent)) = lists.pop() {
        let what = parent.as_ref().map_or_else(|| what.to_owned(), |parent| message_of(parent, what));
        bytes_read += list.get().len();
        if bytes_read > NESTED_LIMIT {
            skips.add(what, "has answers that are nested too deeply");
            continue;
        }
        let items = match serde_json::from_str::<Items<MOST_MESSAGES>>(list.get()) {
            Ok(items) => items.0,
            Err(error) if parent.is_none() => return Err(format!("has messages that cannot be read: {error}")),
            Err(error) => {
                skips.add(what, format!("has answers that cannot be read: {error}"));
                continue;
            }
        };
        for raw in items {
            let Ok(message) = serde_json::from_str::<LibreChatMessage>(raw.get()) else {
                skips.add(format!("a message of {what}"), "is no message");
                continue;
            };
            if drafts.len() >= MOST_MESSAGES {
                return Err(format!("has more than {MOST_MESSAGES} messages"));
            }
            let Some(id) = message.message_id.and_then(small_value).as_ref().and_then(name) else {
                skips.add(format!("a message of {what}"), "has no id that can be kept");
                continue;
            };
            let named = message.parent_message_id.and_then(small_value).as_ref().and_then(name);
            let parent = parent.clone().or(named.filter(|parent| parent != NO_PARENT));
            if let Some(children) = message.children.filter(|children| children.get() != "[]") {
                lists.push((children, Some(id.clone())));
            }
            let message = librechat_message(&message, &message_of(&id, &what), skips);
            drafts.push(Draft { id, parent, message });
        }
    }
    Ok(drafts)
}

fn librechat_message(message: &LibreChatMessage, what: &str, skips: &mut Skips) -> Option<DraftMessage> {
    let fields = [message.text, message.content, message.sender, message.model, message.files, message.created_at];
    if fields.iter().flatten().any(|field| field.get().len() > MESSAGE_LIMIT) {
        skips.add(what.to_owned(), "is larger than 8 MiB");
        return None;
    }
    let [text, content, sender, model, files, created_at] = fields.map(|field| field.map_or(Value::Null, value));
    let is_user = match message.is_created_by_user.map(RawValue::get) {
        Some("true") => true,
        Some("false") => false,
        _ => sender.as_str().is_some_and(|sender| sender.eq_ignore_ascii_case("user")),
    };
    let mut texts: Vec<String> = text.as_str().filter(|text| !text.is_empty()).map(str::to_owned).into_iter().collect();
    let mut others = Vec::new();
    for part in content.as_array().into_iter().flatten() {
        let written = part["text"].as_str().or_else(|| part["text"]["value"].as_str());
        match written {
            Some(written) if text.as_str().is_none_or(str::is_empty) => texts.push(written.to_owned()),
            Some(_) => {}
            None => others.push(part.clone()),
        }
    }
    let mut metadata = json!({"source": Source::LibreChat.name()});
    for (name, value) in [("sender", sender), ("model", model)] {
        if value.is_string() {
            metadata[name] = value;
        }
    }
    keep_attachments(&files, &mut metadata);
    let role = if is_user { Role::User } else { Role::Assistant };
    draft_message(role, &texts, others, metadata, time(&created_at), what, skips)
}

/// What was attached, as far as the source says: its bytes are not in the file.
fn keep_attachments(attachments: &Value, metadata: &mut Value) {
    if attachments.as_array().is_some_and(|attachments| !attachments.is_empty()) {
        metadata["attachments"] = attachments.clone();
    }
}

/// The message, unless there is nothing in it or too much.
fn draft_message(
    role: Role,
    texts: &[String],
    others: Vec<Value>,
    mut metadata: Value,
    created_at: Option<Timestamp>,
    what: &str,
    skips: &mut Skips,
) -> Option<DraftMessage> {
    let content = without_nul(&texts.join("\n\n"));
    if content.trim().is_empty() && others.is_empty() && metadata["attachments"].is_null() {
        return None;
    }
    if content.len() > TEXT_LIMIT && content.chars().count() > TEXT_LIMIT {
        skips.add(what.to_owned(), format!("has more than {TEXT_LIMIT} characters"));
        return None;
    }
    if !others.is_empty() {
        metadata["parts"] = Value::Array(others);
    }
    if let Err(reason) = check_json(&metadata, 64 * 1024) {
        skips.add(format!("what {what} has beside its text"), reason);
        metadata = json!({"source": metadata["source"]});
    }
    Some(DraftMessage { role, content, metadata, created_at })
}

/// Puts each message behind the one it answers, past nodes that are none. Times go forward along a branch.
fn connect(
    drafts: Vec<Draft>,
    source: Source,
    begun: Timestamp,
    what: &str,
    skips: &mut Skips,
) -> Vec<ImportedMessage> {
    let mut places: HashMap<String, usize> = HashMap::with_capacity(drafts.len());
    for (place, draft) in drafts.iter().enumerate() {
        places.entry(draft.id.clone()).or_insert(place);
    }
    let parents: Vec<Option<usize>> =
        drafts.iter().map(|draft| draft.parent.as_ref().and_then(|parent| places.get(parent)).copied()).collect();
    let mut drafts: Vec<Option<Draft>> = drafts.into_iter().map(Some).collect();
    // Of each node that was looked at: the message that it is, or is an answer to.
    let mut found: Vec<Option<Option<usize>>> = vec![None; drafts.len()];
    let mut messages: Vec<ImportedMessage> = Vec::new();
    for first in 0..drafts.len() {
        let mut way = Vec::new();
        let mut next = Some(first);
        while let Some(place) = next.filter(|place| found[*place].is_none()) {
            // Until it is known better: what comes back to it goes round in a circle.
            found[place] = Some(None);
            way.push(place);
            next = parents[place];
        }
        let top = way.last().copied();
        if let (Some(top), Some(next)) = (top, next)
            && way.contains(&next)
            && let Some(draft) = &drafts[top]
        {
            skips.add(format!("what {} answers", message_of(&draft.id, what)), "is one of its own answers");
        }
        let mut parent = next.and_then(|place| found[place].flatten());
        for place in way.into_iter().rev() {
            let draft = drafts[place].take().expect("each is on one way only");
            if parents[place].is_none() && draft.parent.is_some() {
                skips.add(format!("what {} answers", message_of(&draft.id, what)), "is not in the file");
            }
            if places[&draft.id] != place {
                skips.add(message_of(&draft.id, what), "is in the file twice");
            } else if let Some(message) = draft.message {
                parent = add(&mut messages, &draft.id, message, parent, source, begun, what, skips).or(parent);
            }
            found[place] = Some(parent);
        }
    }
    messages
}

#[expect(clippy::too_many_arguments, reason = "one message and all that it is to be connected with")]
fn add(
    messages: &mut Vec<ImportedMessage>,
    id: &str,
    message: DraftMessage,
    parent: Option<usize>,
    source: Source,
    begun: Timestamp,
    what: &str,
    skips: &mut Skips,
) -> Option<usize> {
    if name(&Value::from(id)).is_none() {
        skips.add(message_of(id, what), "has no id that can be kept");
        return None;
    }
    let earliest = parent.map(|parent| messages[parent].created_at + SignedDuration::from_micros(1));
    let created_at = message.created_at.or(earliest).unwrap_or(begun);
    messages.push(ImportedMessage {
        client_id: format!("{}:{id}", source.name()),
        parent,
        role: message.role,
        content: message.content,
        metadata: message.metadata,
        created_at: earliest.map_or(created_at, |earliest| earliest.max(created_at)),
    });
    Some(messages.len() - 1)
}

fn message_of(id: &str, what: &str) -> String {
    let id: String = id.chars().take(100).collect();
    // Of a message within a message, only the conversation is named.
    let conversation = what.rsplit_once(" of ").map_or(what, |(_, conversation)| conversation);
    format!("message {id} of {conversation}")
}

/// An id that can be kept with the name of its source before it.
fn name(value: &Value) -> Option<String> {
    let name = value.as_str()?;
    let can_be_kept = !name.trim().is_empty() && name.chars().nth(150).is_none() && !name.contains('\0');
    can_be_kept.then(|| name.to_owned())
}

fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Seconds or milliseconds since 1970, or RFC 3339.
fn time(value: &Value) -> Option<Timestamp> {
    let time = match value {
        Value::String(text) => text.parse().ok()?,
        value => {
            let number = value.as_f64()?;
            let seconds = if number.abs() > 1e11 { number / 1e3 } else { number };
            let since = SignedDuration::try_from_secs_f64(seconds).ok()?.round(Unit::Microsecond).ok()?;
            Timestamp::from_duration(since).ok()?
        }
    };
    // As precise as PostgreSQL is, and not before it could read it.
    Timestamp::from_microsecond(time.as_microsecond()).ok().filter(|time| time.as_second() >= -62_135_596_800)
}

fn value(raw: &RawValue) -> Value {
    small_value(raw).unwrap_or_default()
}

/// A value, unless it is too large or nested too deeply.
fn small_value(raw: &RawValue) -> Option<Value> {
    if raw.get().len() > MESSAGE_LIMIT {
        return None;
    }
    serde_json::from_str(raw.get()).ok()
}

/// The unread items of a list of so many at most.
struct Items<'a, const MOST: usize>(Vec<&'a RawValue>);

impl<'de: 'a, 'a, const MOST: usize> Deserialize<'de> for Items<'a, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<const MOST: usize>;

        impl<'de, const MOST: usize> Visitor<'de> for Reader<MOST> {
            type Value = Vec<&'de RawValue>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut read = Vec::new();
                while let Some(item) = items.next_element()? {
                    if read.len() == MOST {
                        return Err(de::Error::custom(format_args!("more than {MOST} items")));
                    }
                    read.push(item);
                }
                Ok(read)
            }
        }

        deserializer.deserialize_seq(Reader::<MOST>).map(Self)
    }
}

/// The unread values of an object, by name, in their order.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut read = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    if read.len() == MOST_MESSAGES {
                        return Err(de::Error::custom(format_args!("more than {MOST_MESSAGES} messages")));
                    }
                    read.push(entry);
                }
                Ok(read)
            }
        }

        deserializer.deserialize_map(Reader).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> (Vec<ImportedChat>, Skips) {
        let mut skips = Skips::default();
        let raws = split(text.as_bytes()).expect("a list or an object");
        let chats = raws.iter().enumerate().filter_map(|(place, raw)| read(place, raw, None, &mut skips)).collect();
        (chats, skips)
    }

    fn reasons(skips: &Skips) -> Vec<String> {
        skips.listed.iter().map(|skip| format!("{}: {}", skip.what, skip.reason)).collect()
    }

    fn node(parent: &Value, text: &str) -> Value {
        let content = json!({"content_type": "text", "parts": [text]});
        json!({"parent": parent, "message": {"author": {"role": "user"}, "content": content}})
    }

    #[test]
    fn circles_and_missing_parents_lose_links_and_no_messages() {
        let mapping = json!({
            "a": node(&json!("c"), "A"), "b": node(&json!("a"), "B"), "c": node(&json!("b"), "C"),
            "self": node(&json!("self"), "S"), "lost": node(&json!("nowhere"), "L"), "odd": node(&json!(7), "O"),
            "none": 7, "no_role": {"message": {"author": {"role": "ghost"}}, "parent": null},
            "below": node(&json!("no_role"), "N")
        });
        let (chats, skips) = read_all(&json!([{"id": "x", "mapping": mapping}]).to_string());
        let messages = &chats[0].messages;
        let texts: Vec<&str> = messages.iter().map(|message| message.content.as_str()).collect();
        assert_eq!(texts, ["B", "C", "A", "S", "L", "O", "N"]);
        let parents: Vec<Option<usize>> = messages.iter().map(|message| message.parent).collect();
        assert_eq!(parents, [None, Some(0), Some(1), None, None, None, None]);
        assert!(messages[0].created_at < messages[1].created_at && messages[1].created_at < messages[2].created_at);
        assert_eq!(
            reasons(&skips),
            [
                "message none of conversation x: is no message, or larger than 8 MiB",
                "message no_role of conversation x: has no role that is known",
                "what message b of conversation x answers: is one of its own answers",
                "what message self of conversation x answers: is one of its own answers",
                "what message lost of conversation x answers: is not in the file",
            ]
        );
    }

    #[test]
    fn a_message_that_is_nothing_but_its_attachments_is_one() {
        let file = json!([{"id": "file-1", "name": "clock.pdf", "mime_type": "application/pdf", "size": 7}]);
        let mut chatgpt = json!({"a": node(&Value::Null, ""), "b": node(&json!("a"), "")});
        chatgpt["a"]["message"]["metadata"] = json!({ "attachments": file });
        chatgpt["b"]["message"]["metadata"] = json!({"attachments": []});
        let librechat =
            json!([{"messageId": "a", "text": "", "files": file}, {"messageId": "b", "text": "", "files": []}]);
        let (chats, skips) = read_all(
            &json!([{"id": "x", "mapping": chatgpt}, {"conversationId": "x", "messages": librechat}]).to_string(),
        );
        assert_eq!((chats.len(), skips.count), (2, 0));
        for chat in &chats {
            let [message] = chat.messages.as_slice() else { panic!("{chat:?}") };
            assert_eq!((message.content.as_str(), &message.metadata["attachments"]), ("", &file));
        }
    }

    #[test]
    fn answers_may_be_nested_a_thousand_deep() {
        let opening = (0..1000).map(|depth| format!(r#"{{"messageId": "m{depth}", "text": "{depth}", "children": ["#));
        let text = opening.collect::<String>() + &"]}".repeat(1000);
        let (chats, skips) =
            read_all(&format!(r#"{{"conversationId": "x", "recursive": true, "messages": [{text}]}}"#));
        let messages = &chats[0].messages;
        assert_eq!((messages.len(), skips.count), (1000, 0), "{:?}", reasons(&skips).first());
        assert!((1..1000).all(|place| messages[place].parent == Some(place - 1)));
    }

    #[test]
    fn whatever_is_wrong_is_listed() {
        let long = "x".repeat(1_000_001);
        let text = json!([
            7, "text", null, [], {}, {"id": 7, "mapping": {}}, {"id": "a", "mapping": []}, {"id": "b", "mapping": {}},
            {"conversationId": "c"}, {"conversationId": "d", "messages": {}}, {"id": "\u{0}", "mapping": {}},
            {"id": "e", "title": 7, "create_time": "soon", "mapping": {"m": node(&Value::Null, &long)}},
            {"conversationId": "f", "title": " \u{0} ", "messages": [7, {}, {"messageId": "m", "text": "a\u{0}"}, {"messageId": "m", "text": "b"}]}
        ]);
        let (chats, skips) = read_all(&text.to_string());
        let keys: Vec<&str> = chats.iter().map(|chat| chat.external_key.as_str()).collect();
        assert_eq!(keys, ["chatgpt:b", "chatgpt:e", "librechat:f"]);
        assert_eq!((chats[2].messages.len(), chats[2].messages[0].content.as_str()), (1, "a\u{fffd}"));
        assert_eq!(skips.count, 14, "{:#?}", reasons(&skips));
        for wrong in ["", "7", "{", "\"text\"", "[1", "nonsense", "\u{0}"] {
            assert!(split(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(split(&[0xff, 0xfe]).is_err());
        assert!(split(format!("[{}1]", "1,".repeat(10_000)).as_bytes()).is_err());
        assert_eq!(split("\u{feff} []".as_bytes()).map(|items| items.len()), Ok(0));
    }

    #[test]
    fn times_are_read_as_they_come() {
        for (value, expected) in [
            (json!(1_714_585_031.150_442), Some("2024-05-01T17:37:11.150442Z")),
            (json!(1_714_585_031_150_i64), Some("2024-05-01T17:37:11.15Z")),
            (json!("2024-05-01T16:35:11.530Z"), Some("2024-05-01T16:35:11.53Z")),
            (json!(-1e300), None),
            (json!(1e300), None),
            (json!("yesterday"), None),
            (Value::Null, None),
            (json!([]), None),
        ] {
            assert_eq!(time(&value).map(|time| time.to_string()).as_deref(), expected, "{value}");
        }
    }
}
