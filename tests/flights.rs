//! All database work of a warm request leaves in one flight: a proxy before PostgreSQL counts them.

use std::collections::BTreeSet;

use harness::{Person, Value, database, json, pictures, proxy::Proxy, server::Server, walk};
use shared::{database::Database, text::Sha256};

/// What takes a second flight, each with a comment in its code that says why. This list should only ever shrink.
const SECOND_FLIGHT: &[&str] = &["chats-import", "sessions-create", "uploads-complete", "versions-create"];

struct Counted {
    proxy: Proxy,
    server: Server,
    seen: BTreeSet<String>,
    warm: BTreeSet<String>,
}

impl Counted {
    /// Sends a request twice, the first time to warm its statements up, and counts the second's flights.
    async fn check(&mut self, person: &Person, name: &str, method: &str, path: &str, body: Value) -> Value {
        let mut json = Value::Null;
        let mut flights = 0;
        for _ in 0..2 {
            let _ = self.proxy.take();
            let mut request = person.request(method, path).header("if-match", "*");
            if method != "GET" && method != "DELETE" {
                request = request.json(&body);
            }
            let reply = harness::Reply::to(request).await;
            assert!(reply.status < 400 || method == "DELETE", "{name}: {} {}", reply.status, reply.json);
            flights = self.proxy.take();
            json = reply.json;
        }
        self.judge(name, flights);
        json
    }

    /// Counts what cannot be sent twice. The statements may be new to the connection: then a flight prepares them.
    async fn once<T>(&mut self, name: &str, request: impl Future<Output = T>) {
        let _ = self.proxy.take();
        let _ = request.await;
        let flights = self.proxy.take();
        if self.warm.contains(name) {
            self.judge(name, flights);
        }
        self.warm.insert(name.to_owned());
    }

    fn judge(&mut self, name: &str, flights: usize) {
        let expected = if SECOND_FLIGHT.contains(&name) { 2 } else { 1 };
        assert!(
            flights == expected,
            "{name} took {flights} flights; {expected} expected. Statements that need nothing from each other belong in one fly()."
        );
        self.seen.insert(name.to_owned());
    }
}

async fn check_chats(counted: &mut Counted, ada: &Person) {
    let chat = counted.check(ada, "chats-create", "POST", "/v1/chats", json!({})).await;
    counted.check(ada, "chats-list", "GET", "/v1/chats", json!({})).await;
    let messages = format!("/v1/chats/{}/messages", chat["id"].as_str().expect("an id"));
    let said = json!({"role": "user", "content": "Hello"});
    let message = counted.check(ada, "messages-create", "POST", &messages, said).await;
    counted.check(ada, "messages-list", "GET", &messages, json!({})).await;
    counted.check(ada, "messages-search", "GET", "/v1/messages/search?q=hello", json!({})).await;
    let export = format!("/v1/chats/{}/export", chat["id"].as_str().expect("an id"));
    counted.check(ada, "chats-export", "GET", &export, json!({})).await;
    let message = format!("/v1/messages/{}", message["id"].as_str().expect("an id"));
    counted.check(ada, "messages-read", "GET", &message, json!({})).await;
    let made = json!({"payload": {"generatedFileMap": {"a.txt": "a".repeat(100_000)}}});
    counted.check(ada, "messages-put-artifact", "PUT", &format!("{message}/artifact"), made).await;
    counted.check(ada, "messages-read-artifact", "GET", &format!("{message}/artifact"), json!({})).await;
    let upload = ada.upload("attachment", "text/plain", uuid::Uuid::new_v4().as_bytes()).await.id();
    let attachments = format!("{message}/attachments");
    counted.check(ada, "attachments-create", "POST", &attachments, json!({"upload": upload})).await;
    counted.check(ada, "attachments-list", "GET", &attachments, json!({})).await;
    counted.check(ada, "messages-edit", "POST", &format!("{message}/edits"), json!({"content": "Hi"})).await;
    counted.check(ada, "messages-delete", "DELETE", &message, json!({})).await;
    let upload = ada.upload("file", "application/json", br#"[{"id": "a", "mapping": {}}]"#).await.id();
    counted.check(ada, "chats-import", "POST", "/v1/chats/imports", json!({"upload": upload})).await;
}

#[tokio::test]
async fn every_warm_request_takes_one_flight() {
    let url = database::functions_url();
    let proxy = Proxy::start(&url);
    let mut config = database::config(proxy.url(&url));
    config.pool_size = 1;
    let server = Server::with(Database::new(&config).expect("a pool"), functions::endpoints());
    let mut counted = Counted { proxy, server, seen: BTreeSet::new(), warm: BTreeSet::new() };
    let base_url = counted.server.url.clone();
    let nobody = Person::anonymous_at(&base_url);
    let ada = Person::register_at(&base_url).await;
    let bob = Person::register_at(&base_url).await;

    counted.check(&nobody, "service-health", "GET", "/v1/health", json!({})).await;
    counted.check(&ada, "users-read", "GET", "/v1/users/me", json!({})).await;
    counted.check(&ada, "users-update", "PATCH", "/v1/users/me", json!({"given_name": "Ada"})).await;
    let credentials = json!({"email": bob.user["email"], "password": bob.password});
    counted.check(&nobody, "sessions-create", "POST", "/v1/sessions", credentials).await;
    counted.check(&ada, "sessions-list", "GET", "/v1/sessions", json!({})).await;
    counted.check(&ada, "profiles-put", "PUT", "/v1/profiles/me", json!({"handle": ada.handle()})).await;
    counted.check(&nobody, "profiles-read", "GET", &format!("/v1/profiles/{}", ada.handle()), json!({})).await;
    counted.check(&ada, "profiles-read-me", "GET", "/v1/profiles/me", json!({})).await;
    counted.check(&ada, "profiles-delete-avatar", "DELETE", "/v1/profiles/me/avatar", json!({})).await;

    check_chats(&mut counted, &ada).await;

    let version = json!({"files": [{"path": "a.txt", "content": "a\n"}]});
    let new = json!({"title": "A clock", "visibility": "public", "version": version});
    let artifact = counted.check(&ada, "artifacts-create", "POST", "/v1/artifacts", new).await;
    let path = format!("/v1/artifacts/{}", artifact["id"].as_str().expect("an id"));
    counted.check(&ada, "artifacts-read", "GET", &path, json!({})).await;
    counted.check(&nobody, "artifacts-list", "GET", "/v1/artifacts", json!({})).await;
    counted.check(&ada, "artifacts-update", "PATCH", &path, json!({"title": "The clock"})).await;
    counted.check(&ada, "versions-create", "POST", &format!("{path}/versions"), version).await;
    counted.check(&ada, "versions-list", "GET", &format!("{path}/versions"), json!({})).await;
    counted.check(&ada, "versions-read", "GET", &format!("{path}/versions/1"), json!({})).await;
    counted.check(&ada, "versions-file", "GET", &format!("{path}/versions/1/files/a.txt"), json!({})).await;
    let fork = counted.check(&bob, "artifacts-fork", "POST", &format!("{path}/forks"), json!({})).await;
    counted.check(&nobody, "artifacts-forks", "GET", &format!("{path}/forks"), json!({})).await;
    let fork_path = format!("/v1/artifacts/{}", fork["id"].as_str().expect("an id"));
    counted.check(&bob, "artifacts-lineage", "GET", &format!("{fork_path}/lineage"), json!({})).await;

    let picture = pictures::png(8, 8);
    for purpose in ["avatar", "screenshot"] {
        let declared = ada.declare(purpose, "image/png", &picture).await.expect(201);
        if let Some(part) = declared.json["parts"].get(0) {
            let _ = ada.send_part(part, picture.clone()).await;
        }
        let upload = format!("/v1/uploads/{}", declared.id());
        counted.check(&ada, "uploads-read", "GET", &upload, json!({})).await;
        let _ = ada.post(&format!("{upload}/complete"), json!({})).await.expect(200);
        if purpose == "avatar" {
            counted
                .check(&ada, "profiles-put-avatar", "PUT", "/v1/profiles/me/avatar", json!({"upload": declared.id()}))
                .await;
        } else {
            let media = format!("{path}/media");
            counted.check(&ada, "media-put", "PUT", &media, json!({"screenshot": declared.id()})).await;
            counted.check(&ada, "media-read", "GET", &media, json!({})).await;
        }
        let blob = format!("/v1/blobs/{}", Sha256::of(&picture));
        counted.check(&ada, "blobs-read", "GET", &blob, json!({})).await;
        counted.check(&ada, "uploads-delete", "DELETE", &upload, json!({})).await;
    }
    let size = picture.len();
    let sha256 = Sha256::of(&picture).to_string();
    let new = json!({"purpose": "file", "filename": "a", "content_type": "image/png", "size": size, "sha256": sha256});
    counted.check(&ada, "uploads-create", "POST", "/v1/uploads", new).await;
    for _ in 0..2 {
        let text = uuid::Uuid::new_v4().to_string();
        let declared = ada.declare("file", "text/plain", text.as_bytes()).await.expect(201);
        let _ = ada.send_part(&declared.json["parts"][0], text.into()).await.expect(200);
        let complete = format!("/v1/uploads/{}/complete", declared.id());
        counted.once("uploads-complete", ada.post(&complete, json!({}))).await;
    }

    counted.check(&ada, "artifacts-delete", "DELETE", &path, json!({})).await;
    let session = format!("/v1/sessions/{}", uuid::Uuid::now_v7());
    counted.check(&ada, "sessions-delete", "DELETE", &session, json!({})).await;
    for _ in 0..2 {
        let carol = Person::register_at(&base_url).await;
        counted.once("users-create", Person::register_at(&base_url)).await;
        counted.once("sessions-delete-current", carol.delete("/v1/sessions/current")).await;
    }

    // What has no call above is counted on the way to nothing: that takes the same flight.
    let document = walk::document();
    for entry in functions::endpoints().iter().filter(|entry| entry.route.database) {
        if !counted.seen.contains(&entry.name) {
            let path = walk::path_with(entry, &walk::nowhere());
            let body = entry.route.takes_body().then(|| walk::example(&document, entry).to_string());
            for _ in 0..2 {
                counted.once(&entry.name, walk::send(&ada, entry, &path, body.as_deref())).await;
            }
        }
    }
}
