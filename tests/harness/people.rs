//! People who call the API.

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use shared::text::Sha256;
use uuid::Uuid;

use crate::{
    database::behind,
    http::{Reply, base_url, client, request},
};

/// Someone with an account, or nobody in particular.
#[derive(Clone)]
pub struct Person {
    client: reqwest::Client,
    base_url: String,
    /// The session's token; none for someone who is not signed in.
    pub token: Option<String>,
    headers: Vec<(&'static str, String)>,
    /// The account.
    pub user: Value,
    /// The password.
    pub password: String,
}

impl Person {
    /// Someone who is not signed in.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::anonymous_at(base_url())
    }

    /// Someone who is not signed in, at another server.
    #[must_use]
    pub fn anonymous_at(base_url: &str) -> Self {
        Self {
            client: client(),
            base_url: base_url.to_owned(),
            token: None,
            headers: Vec::new(),
            user: Value::Null,
            password: String::new(),
        }
    }

    /// The same person, who sends a header along with every request.
    #[must_use]
    pub fn sending(&self, name: &'static str, value: &str) -> Self {
        let mut person = self.clone();
        person.headers.push((name, value.to_owned()));
        person
    }

    /// Someone who has just registered, unlike anyone else.
    pub async fn register() -> Self {
        Self::register_at(base_url()).await
    }

    /// Someone who has just registered at another server.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn register_at(base_url: &str) -> Self {
        let mut person = Self::anonymous_at(base_url);
        person.password = format!("password-{}", Uuid::new_v4().simple());
        let name = Uuid::new_v4().simple().to_string();
        let reply = person
            .post(
                "/v1/users",
                json!({
                    "email": format!("{name}@example.com"),
                    "password": person.password,
                    "handle": format!("h{}", &name[..16]),
                    "name": "A Person"
                }),
            )
            .await
            .expect(201);
        person.token = reply.json["session"]["token"].as_str().map(str::to_owned);
        person.user = reply.json["user"].clone();
        person
    }

    /// Someone who administers the service.
    ///
    /// # Panics
    /// Where the database does not make them a superuser.
    pub async fn superuser() -> Self {
        Self::superuser_at(base_url()).await
    }

    /// Someone who administers the service, at another server on this program's own database.
    ///
    /// # Panics
    /// Where the database does not make them a superuser.
    pub async fn superuser_at(base_url: &str) -> Self {
        let person = Self::register_at(base_url).await;
        let promote = "update users set is_superuser = true where id = $1::text::uuid";
        let promoted = behind().await.execute(promote, &[&person.id()]).await;
        assert_eq!(promoted.expect("the database can be changed"), 1);
        person
    }

    /// Their id.
    ///
    /// # Panics
    /// Where they have none.
    #[must_use]
    pub fn id(&self) -> &str {
        self.user["id"].as_str().expect("an account")
    }

    /// Their handle.
    ///
    /// # Panics
    /// Where they have none.
    #[must_use]
    pub fn handle(&self) -> &str {
        self.user["handle"].as_str().expect("an account")
    }

    /// Begins a request with their token.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let request = request(&self.client, &self.base_url, method, path);
        let request = self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        Reply::to(self.request("GET", path)).await
    }

    /// POST of a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        Reply::to(self.request("POST", path).json(&body)).await
    }

    /// POST with further headers.
    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Reply {
        self.send_with("POST", path, headers, body).await
    }

    /// PUT of a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        Reply::to(self.request("PUT", path).json(&body)).await
    }

    /// Any method, with further headers and a JSON body.
    pub async fn send_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Value) -> Reply {
        let request =
            headers.iter().fold(self.request(method, path), |request, (name, value)| request.header(*name, *value));
        Reply::to(request.json(&body)).await
    }

    /// PATCH under If-Match.
    pub async fn patch(&self, path: &str, if_match: &str, body: Value) -> Reply {
        self.send_with("PATCH", path, &[("if-match", if_match)], body).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        Reply::to(self.request("DELETE", path)).await
    }

    /// Saves an artifact with one file of this text.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn create_artifact(&self, visibility: &str, text: &str) -> Reply {
        self.post(
            "/v1/artifacts",
            json!({
                "title": "A clock", "visibility": visibility,
                "version": {"files": [{"path": "clock.js", "language": "javascript", "content": text}]}
            }),
        )
        .await
        .expect(201)
    }

    /// Puts a new public artifact with a version into the trash, and gives its path.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn create_trashed_artifact(&self) -> String {
        let path = format!("/v1/artifacts/{}", self.create_artifact("public", "draw();\n").await.id());
        let _ = self.delete(&path).await.expect(204);
        path
    }

    /// Publishes a further version with one file of this text.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn publish(&self, artifact_id: &str, text: &str) -> Reply {
        let path = format!("/v1/artifacts/{artifact_id}");
        let etag = self.get(&path).await.expect(200).etag();
        let version = json!({"files": [{"path": "clock.js", "language": "javascript", "content": text}]});
        self.post_with(&format!("{path}/versions"), &[("if-match", &etag)], version).await.expect(201)
    }

    /// Makes a link, and gives where it is opened.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn share(&self, share: Value) -> String {
        self.post("/v1/shares", share).await.expect(201).json["path"].as_str().expect("a path").to_owned()
    }

    /// Opens a link, and gives who reads on in it.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn reader(&self, path: &str) -> Self {
        let opened = self.get(path).await.expect(200);
        self.sending("share-view", opened.json["view"].as_str().expect("a view"))
    }

    /// Begins a project.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn create_project(&self) -> Reply {
        self.post("/v1/projects", json!({"name": "A clock"})).await.expect(201)
    }

    /// Begins a project, and a run in it.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn create_run(&self) -> Reply {
        let runs = format!("/v1/projects/{}/runs", self.create_project().await.id());
        self.post(&runs, json!({"prompt": "A clock with two hands."})).await.expect(201)
    }

    /// Makes a project active, archived or deleted.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn make_project(&self, id: &str, status: &str) {
        let path = format!("/v1/projects/{id}");
        if status == "deleted" {
            let _ = self.delete(&path).await.expect(204);
        } else {
            let _ = self.patch(&path, "*", json!({ "status": status })).await.expect(200);
        }
    }

    /// Registers a sandbox.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn create_container(&self) -> Reply {
        self.post("/v1/containers", json!({"name": "A sandbox"})).await.expect(201)
    }

    /// Puts a file of this text into a sandbox.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn put_file(&self, container_id: &str, path: &str, text: &str) -> Reply {
        let files = format!("/v1/containers/{container_id}/files");
        self.send_with("PUT", &files, &[], json!({"path": path, "content": text})).await.expect(200)
    }

    /// Connects Google Drive.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn connect_drive(&self, account: &crate::drive::Account) -> Reply {
        self.put("/v1/drive/connection", json!({"refresh_token": account.refresh_token})).await.expect(200)
    }

    /// Asks for an export of an artifact's current version to Google Drive.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn export_artifact(&self, artifact_id: &str) -> Reply {
        self.post("/v1/drive/files", json!({"artifact_id": artifact_id})).await.expect(201)
    }

    /// Declares an upload of these bytes.
    pub async fn declare(&self, purpose: &str, content_type: &str, bytes: &[u8]) -> Reply {
        self.post(
            "/v1/uploads",
            json!({
                "purpose": purpose, "filename": "file.bin", "content_type": content_type, "size": bytes.len(),
                "sha256": Sha256::of(bytes).to_string()
            }),
        )
        .await
    }

    /// Sends a part to the bucket, as a browser would.
    ///
    /// # Panics
    /// Where the part is none.
    pub async fn send_part(&self, part: &Value, bytes: Vec<u8>) -> Reply {
        let mut request = self.client.put(part["url"].as_str().expect("a URL")).body(bytes);
        for (name, value) in part["headers"].as_object().expect("headers") {
            request = request.header(name, value.as_str().expect("text"));
        }
        Reply::to(request).await
    }

    /// Declares, sends and completes an upload, and gives the completed one.
    ///
    /// # Panics
    /// Where any of it fails.
    pub async fn upload(&self, purpose: &str, content_type: &str, bytes: &[u8]) -> Reply {
        let declared = self.declare(purpose, content_type, bytes).await.expect(201);
        let mut rest = bytes;
        for part in declared.json["parts"].as_array().expect("parts") {
            let (now, later) = rest.split_at(usize::try_from(part["size"].as_u64().expect("a size")).expect("small"));
            let _ = self.send_part(part, now.to_vec()).await.expect(200);
            rest = later;
        }
        self.post(&format!("/v1/uploads/{}/complete", declared.id()), json!({})).await.expect(200)
    }

    /// Sends a part to the bucket with other headers than it was signed with; an empty value leaves one out.
    ///
    /// # Panics
    /// Where the part is none.
    pub async fn send_part_as(&self, part: &Value, changed: &[(&str, &str)], bytes: Vec<u8>) -> Reply {
        let mut part = part.clone();
        let headers = part["headers"].as_object_mut().expect("headers");
        for (name, value) in changed {
            headers.insert((*name).to_owned(), json!(value));
        }
        headers.retain(|_, value| value != "");
        self.send_part(&part, bytes).await
    }

    /// Signs in once more: the same person with another session.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn sign_in(&self) -> Self {
        let credentials = json!({"email": self.user["email"], "password": self.password});
        let reply = Self::anonymous_at(&self.base_url).post("/v1/sessions", credentials).await.expect(201);
        let token = reply.json["session"]["token"].as_str().map(str::to_owned);
        Self { token, user: reply.json["user"].clone(), ..self.clone() }
    }

    /// Reads what a URL of the bucket serves.
    pub async fn fetch(&self, url: &Value) -> Reply {
        Reply::to(self.client.get(url.as_str().unwrap_or_default())).await
    }

    /// Any method, with a body as it stands.
    pub async fn send_text(&self, method: &str, path: &str, text: &str) -> Reply {
        let request = self.request(method, path).header("if-match", "*").header("content-type", "application/json");
        Reply::to(request.body(text.to_owned())).await
    }

    /// Makes sure that an endpoint takes this body from nobody without a token, nor in a wrong form.
    ///
    /// # Panics
    /// Where it does.
    pub async fn expect_strict(&self, method: &str, path: &str, body: Value) {
        let reply = Self::anonymous().send_text(method, path, &body.to_string()).await;
        assert_eq!(reply.expect_problem(401, "unauthenticated").header("www-authenticate"), "Bearer");
        self.expect_strict_form(method, path, body).await;
    }

    /// Makes sure that an endpoint takes this body neither as another type, nor with an unknown field, nor as half of a
    /// JSON text.
    ///
    /// # Panics
    /// Where it does.
    pub async fn expect_strict_form(&self, method: &str, path: &str, body: Value) {
        let text = body.to_string();
        let plain = self.request(method, path).header("if-match", "*").header("content-type", "text/plain");
        let _ = Reply::to(plain.body(text.clone())).await.expect_problem(415, "unsupported_type");
        let _ = self.send_text(method, path, &text[..text.len() - 1]).await.expect_problem(400, "malformed");
        let mut unknown = body;
        unknown["no_such_field"] = json!(1);
        let reply = self.send_text(method, path, &unknown.to_string()).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), ["/no_such_field"]);
    }

    /// Makes sure that a body is refused for each of these values, at the pointer beside it.
    ///
    /// # Panics
    /// Where one is not.
    pub async fn expect_invalid(&self, method: &str, path: &str, body: &Value, wrong: &[(&str, Value)]) {
        for (pointer, value) in wrong {
            let mut body = body.clone();
            let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
            match body.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}")) {
                Value::Array(items) => items[field.parse::<usize>().expect("an index")] = value.clone(),
                parent => parent[field] = value.clone(),
            }
            let reply = self.send_text(method, path, &body.to_string()).await.expect_problem(422, "invalid");
            assert_eq!(reply.pointers(), [*pointer], "for {}", value.to_string().chars().take(200).collect::<String>());
        }
    }

    /// All items of a list, page by page.
    ///
    /// # Panics
    /// Where a page cannot be read.
    pub async fn walk(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut page = self.get(path).await.expect(200);
        let separator = if path.contains('?') { '&' } else { '?' };
        loop {
            items.extend(page.json["items"].as_array().expect("items").iter().cloned());
            let Some(cursor) = page.json["next_cursor"].as_str() else { return items };
            page = self.get(&format!("{path}{separator}cursor={cursor}")).await.expect(200);
        }
    }

    /// Publishes a version of these files upon whatever is there.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn publish_files(&self, artifact_id: &str, files: Value) -> Reply {
        let path = format!("/v1/artifacts/{artifact_id}/versions");
        self.post_with(&path, &[("if-match", "*")], json!({ "files": files })).await.expect(201)
    }
}
