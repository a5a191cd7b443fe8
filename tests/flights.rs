//! All database work of a warm request leaves in one flight: a proxy before PostgreSQL counts them.

use std::collections::BTreeSet;

use harness::{Person, Value, database, drive::fake, json, pictures, proxy::Proxy, server::Server, walk};
use shared::{database::Database, text::Sha256};

/// What takes a second flight, each with a comment in its code that says why. This list should only ever shrink.
const SECOND_FLIGHT: &[&str] = &[
    "chats-import",
    "drive-put-connection",
    "merges-create",
    "sessions-create",
    "uploads-complete",
    "versions-create",
    "versions-restore",
];

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

    async fn accounts(&mut self, ada: &Person, bob: &Person, nobody: &Person) {
        self.check(ada, "users-read", "GET", "/v1/users/me", json!({})).await;
        self.check(ada, "users-update", "PATCH", "/v1/users/me", json!({"given_name": "Ada"})).await;
        let credentials = json!({"email": bob.user["email"], "password": bob.password});
        self.check(nobody, "sessions-create", "POST", "/v1/sessions", credentials).await;
        self.check(ada, "sessions-list", "GET", "/v1/sessions", json!({})).await;
    }

    async fn chats(&mut self, ada: &Person) {
        let chat = self.check(ada, "chats-create", "POST", "/v1/chats", json!({})).await;
        self.check(ada, "chats-list", "GET", "/v1/chats", json!({})).await;
        let chat = format!("/v1/chats/{}", chat["id"].as_str().expect("an id"));
        self.check(ada, "chats-read", "GET", &chat, json!({})).await;
        self.check(ada, "chats-update", "PATCH", &chat, json!({"title": "A clock"})).await;
        self.check(ada, "chats-project", "PUT", &format!("{chat}/project"), json!({})).await;
        self.messages(ada, &format!("{chat}/messages")).await;
        self.check(ada, "chats-export", "GET", &format!("{chat}/export"), json!({})).await;
        self.shares(ada, chat.trim_start_matches("/v1/chats/")).await;
        self.check(ada, "chats-delete", "DELETE", &chat, json!({})).await;
        let upload = ada.upload("file", "application/json", br#"[{"id": "a", "mapping": {}}]"#).await.id();
        self.check(ada, "chats-import", "POST", "/v1/chats/imports", json!({"upload": upload})).await;
    }

    async fn messages(&mut self, ada: &Person, messages: &str) {
        let said = json!({"role": "user", "content": "Hello"});
        let message = self.check(ada, "messages-create", "POST", messages, said).await;
        self.check(ada, "messages-list", "GET", messages, json!({})).await;
        self.check(ada, "messages-search", "GET", "/v1/messages/search?q=hello", json!({})).await;
        let message = format!("/v1/messages/{}", message["id"].as_str().expect("an id"));
        self.check(ada, "messages-read", "GET", &message, json!({})).await;
        let made = json!({"payload": {"generatedFileMap": {"a.txt": "a".repeat(100_000)}}});
        self.check(ada, "messages-put-artifact", "PUT", &format!("{message}/artifact"), made).await;
        self.check(ada, "messages-read-artifact", "GET", &format!("{message}/artifact"), json!({})).await;
        let upload = ada.upload("attachment", "text/plain", uuid::Uuid::new_v4().as_bytes()).await.id();
        let attachments = format!("{message}/attachments");
        self.check(ada, "attachments-create", "POST", &attachments, json!({"upload": upload})).await;
        self.check(ada, "attachments-list", "GET", &attachments, json!({})).await;
        self.check(ada, "messages-edit", "POST", &format!("{message}/edits"), json!({"content": "Hi"})).await;
        self.check(ada, "messages-delete", "DELETE", &message, json!({})).await;
    }

    /// Links without a password: of one with a password another flight brings the hash that it is checked against.
    async fn shares(&mut self, ada: &Person, chat: &str) {
        let nobody = Person::anonymous_at(&self.server.url);
        let new = json!({"artifact_id": ada.create_artifact("private", "draw();\n").await.id(), "max_views": 100});
        let share = self.check(ada, "shares-create", "POST", "/v1/shares", new).await;
        self.check(ada, "shares-list", "GET", "/v1/shares", json!({})).await;
        let path = share["path"].as_str().expect("a path");
        self.check(&nobody, "shares-open", "GET", path, json!({})).await;
        let reader = nobody.reader(path).await;
        self.check(&reader, "shares-file", "GET", &format!("{path}/files/clock.js"), json!({})).await;
        let path = ada.share(json!({ "chat_id": chat })).await;
        let reader = nobody.reader(&path).await;
        self.check(&reader, "shares-messages", "GET", &format!("{path}/messages"), json!({})).await;
        let share = format!("/v1/shares/{}", share["id"].as_str().expect("an id"));
        self.check(ada, "shares-delete", "DELETE", &share, json!({})).await;
    }

    async fn projects(&mut self, ada: &Person) {
        let project = self.check(ada, "projects-create", "POST", "/v1/projects", json!({"name": "A clock"})).await;
        self.check(ada, "projects-list", "GET", "/v1/projects?type=nextjs", json!({})).await;
        let project = format!("/v1/projects/{}", project["id"].as_str().expect("an id"));
        self.check(ada, "projects-read", "GET", &project, json!({})).await;
        self.check(ada, "projects-update", "PATCH", &project, json!({"name": "The clock"})).await;
        let runs = format!("{project}/runs");
        let run = self.check(ada, "runs-create", "POST", &runs, json!({"prompt": "x".repeat(5001)})).await;
        self.check(ada, "runs-list", "GET", &runs, json!({})).await;
        let run = format!("/v1/runs/{}", run["id"].as_str().expect("an id"));
        self.check(ada, "runs-read", "GET", &run, json!({})).await;
        let records = format!("{run}/records");
        let record = self.check(ada, "records-create", "POST", &records, json!({"stage": "requirements"})).await;
        self.check(ada, "records-list", "GET", &records, json!({})).await;
        let record = format!("/v1/records/{}", record["id"].as_str().expect("an id"));
        self.check(ada, "records-read", "GET", &record, json!({})).await;
        for to in ["requirements", "architecture"] {
            self.once("runs-transition", ada.post(&format!("{run}/transitions"), json!({ "to": to }))).await;
        }
        let upload = ada.upload("document", "text/plain", uuid::Uuid::new_v4().as_bytes()).await.id();
        let documents = format!("{project}/documents");
        let new = json!({"upload": upload});
        let document = self.check(ada, "documents-create", "POST", &documents, new).await;
        self.check(ada, "documents-list", "GET", &documents, json!({})).await;
        let document = format!("/v1/documents/{}", document["id"].as_str().expect("an id"));
        self.check(ada, "documents-read", "GET", &document, json!({})).await;
        self.check(ada, "documents-delete", "DELETE", &document, json!({})).await;
        self.check(ada, "projects-delete", "DELETE", &project, json!({})).await;
    }

    async fn profiles(&mut self, ada: &Person, nobody: &Person) {
        self.check(ada, "profiles-put", "PUT", "/v1/profiles/me", json!({"handle": ada.handle()})).await;
        let profile = format!("/v1/profiles/{}", ada.handle());
        self.check(nobody, "profiles-read", "GET", &profile, json!({})).await;
        self.check(nobody, "profiles-list", "GET", "/v1/profiles?q=h", json!({})).await;
        self.check(nobody, "profiles-artifacts", "GET", &format!("{profile}/artifacts"), json!({})).await;
        self.check(ada, "profiles-read-me", "GET", "/v1/profiles/me", json!({})).await;
        self.check(ada, "profiles-delete-avatar", "DELETE", "/v1/profiles/me/avatar", json!({})).await;
    }

    async fn items(&mut self, ada: &Person) {
        let item = self.check(ada, "items-create", "POST", "/v1/items", json!({"title": "Ideas"})).await;
        self.check(ada, "items-list", "GET", "/v1/items", json!({})).await;
        let item = format!("/v1/items/{}", item["id"].as_str().expect("an id"));
        self.check(ada, "items-read", "GET", &item, json!({})).await;
        self.check(ada, "items-update", "PATCH", &item, json!({"title": "Better ideas"})).await;
        self.check(ada, "items-delete", "DELETE", &item, json!({})).await;
    }

    async fn containers(&mut self, ada: &Person) {
        let new = json!({"name": "A sandbox", "assign_port": true});
        let container = self.check(ada, "containers-create", "POST", "/v1/containers", new).await;
        let path = format!("/v1/containers/{}", container["id"].as_str().expect("an id"));
        self.check(ada, "containers-list", "GET", "/v1/containers?active=true", json!({})).await;
        self.check(ada, "containers-read", "GET", &path, json!({})).await;
        self.check(ada, "containers-update", "PATCH", &path, json!({"name": "The sandbox"})).await;
        for to in ["running", "stopped", "running"] {
            self.once("containers-transition", ada.post(&format!("{path}/transitions"), json!({ "to": to }))).await;
        }
        let files = format!("{path}/files");
        let file = self.check(ada, "files-put", "PUT", &files, json!({"path": "a.txt", "content": "a\n"})).await;
        self.check(ada, "files-list", "GET", &files, json!({})).await;
        let file = format!("/v1/files/{}", file["id"].as_str().expect("an id"));
        self.check(ada, "files-read", "GET", &file, json!({})).await;
        self.check(ada, "files-history", "GET", &format!("{file}/history"), json!({})).await;
        let checkpoints = format!("{path}/checkpoints");
        let checkpoint = self.check(ada, "checkpoints-create", "POST", &checkpoints, json!({"name": "First"})).await;
        self.check(ada, "checkpoints-list", "GET", &checkpoints, json!({})).await;
        let restore = format!("{checkpoints}/{}/restore", checkpoint["id"].as_str().expect("an id"));
        self.check(ada, "checkpoints-restore", "POST", &restore, json!({})).await;
        self.check(ada, "files-delete", "DELETE", &file, json!({})).await;
        self.check(ada, "containers-delete", "DELETE", &path, json!({})).await;
    }

    async fn drive(&mut self, ada: &Person) {
        let connection = "/v1/drive/connection";
        let consent = json!({"refresh_token": fake().account().refresh_token});
        self.check(ada, "drive-put-connection", "PUT", connection, consent).await;
        self.check(ada, "drive-read-connection", "GET", connection, json!({})).await;
        self.check(ada, "drive-sync", "POST", "/v1/drive/syncs", json!({})).await;
        let artifact = ada.create_artifact("private", "draw();\n").await.id();
        let export = json!({"artifact_id": artifact});
        let export = self.check(ada, "drive-export", "POST", "/v1/drive/files", export).await;
        self.check(ada, "drive-list", "GET", "/v1/drive/files?state=queued", json!({})).await;
        let export = format!("/v1/drive/files/{}", export["id"].as_str().expect("an id"));
        self.check(ada, "drive-read", "GET", &export, json!({})).await;
        self.check(ada, "drive-delete", "DELETE", &export, json!({})).await;
        self.check(ada, "drive-delete-connection", "DELETE", connection, json!({})).await;
    }

    async fn tools_and_statistics(&mut self, ada: &Person, admin: &Person) {
        let tool_use = json!({"tool_name": "image", "operation": "resize", "status": "success"});
        self.check(ada, "tools-record", "POST", "/v1/tools/usage", json!({"items": vec![tool_use; 500]})).await;
        self.check(ada, "tools-usage", "GET", "/v1/tools/usage?tool_name=image", json!({})).await;
        self.check(ada, "tools-stats", "GET", "/v1/tools/stats", json!({})).await;
        self.check(ada, "users-stats", "GET", "/v1/users/me/stats", json!({})).await;
        self.check(ada, "users-activity", "GET", "/v1/users/me/activity", json!({})).await;
        self.check(admin, "users-list", "GET", "/v1/users?q=ada", json!({})).await;
        let path = format!("/v1/users/{}", ada.id());
        self.check(admin, "users-administer", "PATCH", &path, json!({"is_active": true})).await;
        self.check(admin, "admin-stats", "GET", "/v1/admin/stats", json!({})).await;
        let retention = self.check(admin, "admin-read-retention", "GET", "/v1/admin/retention", json!({})).await;
        self.check(admin, "admin-put-retention", "PUT", "/v1/admin/retention", json!({"items": retention["items"]}))
            .await;
    }
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
    counted.accounts(&ada, &bob, &nobody).await;
    counted.profiles(&ada, &nobody).await;
    counted.chats(&ada).await;
    counted.projects(&ada).await;
    counted.items(&ada).await;

    let version = json!({"files": [{"path": "a.txt", "content": "a\n"}]});
    let with_chat = json!({"files": version["files"], "chat": [{"role": "user", "content": "Draw a clock."}]});
    let new = json!({"title": "A clock", "visibility": "public", "version": with_chat});
    let artifact = counted.check(&ada, "artifacts-create", "POST", "/v1/artifacts", new).await;
    let path = format!("/v1/artifacts/{}", artifact["id"].as_str().expect("an id"));
    counted.check(&ada, "artifacts-read", "GET", &path, json!({})).await;
    for query in ["", "?sort=trending&type=code", "?q=clock", "?q=clok&owner=me"] {
        counted.check(&ada, "artifacts-list", "GET", &format!("/v1/artifacts{query}"), json!({})).await;
    }
    counted.check(&ada, "artifacts-update", "PATCH", &path, json!({"title": "The clock"})).await;
    counted.check(&ada, "versions-create", "POST", &format!("{path}/versions"), version).await;
    counted.check(&ada, "versions-restore", "POST", &format!("{path}/versions/1/restore"), json!({})).await;
    counted.check(&ada, "versions-list", "GET", &format!("{path}/versions"), json!({})).await;
    counted.check(&ada, "versions-read", "GET", &format!("{path}/versions/1"), json!({})).await;
    counted.check(&ada, "versions-file", "GET", &format!("{path}/versions/1/files/a.txt"), json!({})).await;
    counted.check(&ada, "versions-chat", "GET", &format!("{path}/versions/1/chat"), json!({})).await;
    check_social(&mut counted, &bob, &path).await;
    let fork = counted.check(&bob, "artifacts-fork", "POST", &format!("{path}/forks"), json!({})).await;
    counted.check(&nobody, "artifacts-forks", "GET", &format!("{path}/forks"), json!({})).await;
    let fork_path = format!("/v1/artifacts/{}", fork["id"].as_str().expect("an id"));
    counted.check(&nobody, "artifacts-diff", "GET", &format!("{path}/diff?from=1&to=2"), json!({})).await;
    counted.check(&bob, "merges-create", "POST", &format!("{fork_path}/merges"), json!({})).await;
    counted.check(&bob, "artifacts-lineage", "GET", &format!("{fork_path}/lineage"), json!({})).await;

    counted.containers(&ada).await;
    counted.drive(&ada).await;
    let admin = Person::superuser_at(&base_url).await;
    counted.tools_and_statistics(&ada, &admin).await;

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
            counted.check(&ada, "media-delete", "DELETE", &media, json!({})).await;
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

    counted.check(&nobody, "artifacts-tree", "GET", &format!("{path}/tree"), json!({})).await;
    counted.check(&ada, "artifacts-delete", "DELETE", &path, json!({})).await;
    counted.check(&ada, "artifacts-undelete", "POST", &format!("{path}/undelete"), json!({})).await;
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

/// What people do with an artifact of someone else's.
async fn check_social(counted: &mut Counted, bob: &Person, path: &str) {
    let nobody = Person::anonymous_at(&counted.server.url);
    counted.check(bob, "likes-put", "PUT", &format!("{path}/like"), json!({})).await;
    counted.check(&nobody, "likes-list", "GET", &format!("{path}/likes"), json!({})).await;
    counted.check(bob, "likes-delete", "DELETE", &format!("{path}/like"), json!({})).await;
    counted.check(bob, "imports-create", "POST", &format!("{path}/imports"), json!({})).await;
    let comments = format!("{path}/comments");
    let comment = counted.check(bob, "comments-create", "POST", &comments, json!({"body": "It ticks!"})).await;
    counted.check(&nobody, "comments-list", "GET", &comments, json!({})).await;
    let comment = format!("/v1/comments/{}", comment["id"].as_str().expect("an id"));
    counted.check(&nobody, "comments-read", "GET", &comment, json!({})).await;
    counted.check(bob, "comments-update", "PATCH", &comment, json!({"body": "It chimes!"})).await;
    counted.check(bob, "comments-delete", "DELETE", &comment, json!({})).await;
}
