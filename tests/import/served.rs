//! What came over is served: no value that a document allows makes an endpoint answer 5xx.

use std::collections::BTreeSet;

use harness::database::{self, create_migrated};
use harness::server::Server;
use harness::{Person, Value};

use crate::source::Source;
use crate::{arguments, tool};

/// Whose data is looked at, of each document.
const PEOPLE: usize = 4;

/// Items of a list that are looked at one by one.
const ITEMS: usize = 8;

/// Where a person begins to look around.
const ROOTS: &[&str] = &[
    "/v1/users/me",
    "/v1/users/me/stats",
    "/v1/users/me/activity",
    "/v1/sessions",
    "/v1/profiles/me",
    "/v1/profiles?q=a",
    "/v1/artifacts",
    "/v1/artifacts?owner=me",
    "/v1/chats",
    "/v1/messages/search?q=plain",
    "/v1/projects",
    "/v1/projects?status=archived",
    "/v1/projects?status=deleted",
    "/v1/items",
    "/v1/containers",
    "/v1/containers?status=deleted",
    "/v1/tools/usage",
    "/v1/tools/stats",
    "/v1/drive/files",
];

/// What an item of a list leads to, by the end of the list's path; `{}` is its id, or a version's index.
const BELOW: &[(&str, &str, &[&str])] = &[
    (
        "/artifacts",
        "/v1/artifacts/{}",
        &["", "/versions", "/media", "/lineage", "/forks", "/tree", "/likes", "/comments"],
    ),
    ("/versions", "", &["/{}", "/{}/chat"]),
    ("/chats", "/v1/chats/{}", &["", "/messages", "/export", "/export?format=markdown"]),
    ("/messages", "/v1/messages/{}", &["", "/attachments", "/artifact"]),
    ("/projects", "/v1/projects/{}", &["", "/runs", "/documents"]),
    ("/runs", "/v1/runs/{}", &["", "/records"]),
    ("/records", "/v1/records/{}", &[""]),
    ("/documents", "/v1/documents/{}", &[""]),
    ("/items", "/v1/items/{}", &[""]),
    ("/containers", "/v1/containers/{}", &["", "/files", "/checkpoints"]),
    ("/v1/drive/files", "/v1/drive/files/{}", &[""]),
    ("/files", "/v1/files/{}", &["", "/history"]),
];

/// The paths that a list's items lead to.
fn below(path: &str, list: &Value) -> Vec<String> {
    let path = path.split('?').next().unwrap_or_default();
    let Some((_, prefix, ends)) = BELOW.iter().find(|(end, ..)| path.ends_with(end)) else { return Vec::new() };
    let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names = items.iter().take(ITEMS).filter_map(|item| match &item["version_index"] {
        Value::Number(index) if prefix.is_empty() => Some(index.to_string()),
        _ => item["id"].as_str().map(str::to_owned),
    });
    names
        .flat_map(|name| {
            let prefix = if prefix.is_empty() { path } else { prefix };
            ends.iter().map(move |end| format!("{prefix}{end}").replace("{}", &name))
        })
        .collect()
}

async fn is_served(document: &'static str) {
    let source = Source::filled(document, 1_000).await;
    let (target, functions) = create_migrated().await;
    let _ = tool::run(&target, &arguments(&source)).await.expect(0);
    let name = target.rsplit('/').next().expect("a name");
    let behind = database::connect(&database::url(None, name)).await;
    let people = "
        with people as (
            update users set is_active = true
            where id in (select id from users where id <> lens.nobody() order by md5(id::text) limit $1)
            returning id
        )
        insert into sessions (user_id, token_hash, expires_at)
        select id, sha256(convert_to('token of ' || id, 'UTF8')), now() + interval '1 day' from people
        returning 'token of ' || user_id
    ";
    let people = behind.query(people, &[&i64::try_from(PEOPLE).expect("few")]).await.expect("sessions");
    let server = Server::start(functions);
    let mut read = 0;
    let mut failed = BTreeSet::new();
    for person in people {
        let mut caller = Person::anonymous_at(&server.url);
        caller.token = Some(person.get(0));
        let mut paths: Vec<String> = ROOTS.iter().map(|path| (*path).to_owned()).collect();
        let mut seen = BTreeSet::new();
        while let Some(path) = paths.pop() {
            if !seen.insert(path.clone()) {
                continue;
            }
            let reply = caller.get(&path).await;
            read += usize::from(reply.status == 200);
            if reply.status != 200 && (reply.status != 404 || ROOTS.contains(&path.as_str())) {
                failed.insert(format!("{} {path}", reply.status));
            }
            paths.extend(below(&path, &reply.json));
        }
    }
    assert!(failed.is_empty(), "{document}: {failed:#?}");
    assert!(read > 20 * PEOPLE, "{document}: only {read} were there to read");
}

#[tokio::test]
async fn storage() {
    is_served("storage").await;
}

#[tokio::test]
async fn canonical() {
    is_served("canonical").await;
}

#[tokio::test]
async fn craftlive() {
    is_served("craftlive").await;
}

#[tokio::test]
async fn december() {
    is_served("december").await;
}

#[tokio::test]
async fn aio() {
    is_served("aio").await;
}
