//! `Idempotency-Key`, the same for every POST that makes something.

use harness::{Person, Reply, Value, database, json, together};
use shared::text::Sha256;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

/// A POST that makes something each time it is done.
struct Post {
    path: String,
    body: Value,
    other_body: Value,
    invalid_body: Value,
    /// Counts what it made for a person.
    count: &'static str,
}

async fn posts(person: &Person) -> Vec<Post> {
    let chat = person.post("/v1/chats", json!({"external_key": "kept"})).await.expect(201).id();
    let artifact = person.create_artifact("private", "draw();\n").await.id();
    let post = |path: &str, body: Value, other_body: Value, invalid_body: Value, count| Post {
        path: path.to_owned(),
        body,
        other_body,
        invalid_body,
        count,
    };
    vec![
        post(
            "/v1/artifacts",
            json!({"title": "A clock", "version": {"files": [{"path": "a", "content": "a"}]}}),
            json!({"title": "A watch"}),
            json!({"title": "A clock", "chat_id": Uuid::now_v7()}),
            "select count(*) from artifacts where owner_user_id = $1::text::uuid",
        ),
        post(
            "/v1/chats",
            json!({"title": "A clock"}),
            json!({"title": "A watch"}),
            json!({"title": ""}),
            "select count(*) from chats where user_id = $1::text::uuid",
        ),
        post(
            &format!("/v1/chats/{chat}/messages"),
            json!({"role": "user", "content": "Draw."}),
            json!({"role": "user", "content": "Paint."}),
            json!({"role": "user", "content": "Draw.", "parent_id": Uuid::now_v7()}),
            "select count(*) from messages where user_id = $1::text::uuid",
        ),
        post(
            &format!("/v1/artifacts/{artifact}/versions"),
            json!({"files": [{"path": "a", "content": "a"}]}),
            json!({"files": [{"path": "a", "content": "b"}]}),
            json!({"files": [{"path": "a", "sha256": "0".repeat(64)}]}),
            "select count(*) from artifact_versions versions
             join artifacts on artifacts.id = versions.artifact_id
             where owner_user_id = $1::text::uuid",
        ),
        post(
            &format!("/v1/artifacts/{artifact}/forks"),
            json!({}),
            json!({"title": "Mine"}),
            json!({"visibility": "secret"}),
            "select count(*) from artifacts where owner_user_id = $1::text::uuid",
        ),
    ]
}

async fn send(person: &Person, path: &str, key: &str, body: &Value) -> Reply {
    person.post_with(path, &[("idempotency-key", key), ("if-match", "*")], body.clone()).await
}

async fn count(person: &Person, post: &Post) -> i64 {
    database::number(post.count, &[&person.id()]).await
}

fn new_key() -> String {
    format!("key-{}", Uuid::new_v4().simple())
}

/// Status, body and headers, less what the server that carries them says of itself.
fn whole(reply: &Reply) -> (u16, &[u8], Vec<(&str, &str)>) {
    let names = ["content-type", "etag", "location", "cache-control", "x-content-type-options", "www-authenticate"];
    (reply.status, &reply.bytes, names.map(|name| (name, reply.header(name))).into())
}

#[tokio::test]
async fn the_same_again_gets_the_same_reply_and_does_nothing() {
    let ada = Person::register().await;
    for post in posts(&ada).await {
        let (key, before) = (new_key(), count(&ada, &post).await);
        let first = send(&ada, &post.path, &key, &post.body).await.expect(201);
        for _ in 0..3 {
            let again = send(&ada, &post.path, &key, &post.body).await;
            assert_eq!(whole(&again), whole(&first), "{}", post.path);
        }
        assert_eq!(count(&ada, &post).await, before + 1, "{}", post.path);
        let _ = send(&ada, &post.path, &new_key(), &post.body).await.expect(201);
        assert_eq!(count(&ada, &post).await, before + 2, "{}", post.path);
    }
}

#[tokio::test]
async fn a_key_is_for_one_request() {
    let ada = Person::register().await;
    let posts = posts(&ada).await;
    for post in &posts {
        let key = new_key();
        let _ = send(&ada, &post.path, &key, &post.body).await.expect(201);
        let before = count(&ada, post).await;
        let _ = send(&ada, &post.path, &key, &post.other_body).await.expect_problem(422, "idempotency_key_reused");
        assert_eq!(count(&ada, post).await, before, "{}", post.path);
    }
    let key = new_key();
    let _ = send(&ada, "/v1/chats", &key, &json!({})).await.expect(201);
    let _ = send(&ada, &posts[4].path, &key, &json!({})).await.expect_problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn a_request_that_failed_leaves_the_key_unused() {
    let ada = Person::register().await;
    for post in posts(&ada).await {
        let (key, before) = (new_key(), count(&ada, &post).await);
        let _ = send(&ada, &post.path, &key, &post.invalid_body).await.expect(422);
        let _ = send(&ada, &post.path, &key, &post.invalid_body).await.expect(422);
        let _ = send(&ada, &post.path, &key, &post.body).await.expect(201);
        assert_eq!(count(&ada, &post).await, before + 1, "{}", post.path);
    }
    let key = new_key();
    let _ = send(&ada, "/v1/chats", &key, &json!({"external_key": "kept"})).await.expect_problem(409, "conflict");
    let _ = send(&ada, "/v1/chats", &key, &json!({"external_key": "free"})).await.expect(201);
}

#[tokio::test]
async fn of_many_at_once_one_is_done() {
    let ada = Person::register().await;
    for post in posts(&ada).await {
        let (key, before) = (new_key(), count(&ada, &post).await);
        let replies = together((0..20).map(|_| {
            let (ada, path, key, body) = (ada.clone(), post.path.clone(), key.clone(), post.body.clone());
            async move { send(&ada, &path, &key, &body).await }
        }))
        .await;
        let (done, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
        assert!(done.iter().all(|reply| whole(reply) == whole(&done[0])), "{}", post.path);
        for reply in refused {
            let _ = reply.expect_problem(409, "idempotency_key_in_use");
        }
        assert_eq!(count(&ada, &post).await, before + 1, "{}", post.path);
        assert_eq!(whole(&send(&ada, &post.path, &key, &post.body).await), whole(&done[0]));
    }
}

#[tokio::test]
async fn keys_are_ones_own() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let key = new_key();
    for (path, body) in [("/v1/chats", json!({"title": "t"})), ("/v1/artifacts", json!({"title": "t"}))] {
        let key = format!("{key}{path}");
        let first = send(&ada, path, &key, &body).await.expect(201);
        let second = send(&bob, path, &key, &body).await.expect(201);
        assert_ne!(first.id(), second.id());
        assert_eq!(send(&ada, path, &key, &body).await.id(), first.id());
        assert_eq!(send(&bob, path, &key, &body).await.id(), second.id());
    }
    let _ = send(&Person::anonymous(), "/v1/chats", &key, &json!({})).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_registration_is_done_once() {
    let nobody = Person::anonymous();
    let (key, name) = (new_key(), Uuid::new_v4().simple().to_string());
    let body = json!({"email": format!("{name}@example.com"), "password": "correct horse", "handle": &name[..20]});
    let replies = together((0..20).map(|_| {
        let (nobody, key, body) = (nobody.clone(), key.clone(), body.clone());
        async move { send(&nobody, "/v1/users", &key, &body).await }
    }))
    .await;
    let (done, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
    for reply in refused {
        let _ = reply.expect_problem(409, "idempotency_key_in_use");
    }
    let again = send(&nobody, "/v1/users", &key, &body).await;
    assert!(done.iter().all(|reply| whole(reply) == whole(&again)));
    let mut ada = Person::anonymous();
    ada.token = again.json["session"]["token"].as_str().map(str::to_owned);
    assert_eq!(ada.get("/v1/users/me").await.expect(200).json["id"], again.json["user"]["id"]);
    assert_eq!(ada.walk("/v1/sessions").await.len(), 1);

    let mut other = body.clone();
    other["password"] = json!("another one");
    let _ = send(&nobody, "/v1/users", &key, &other).await.expect_problem(422, "idempotency_key_reused");
    let key = new_key();
    let _ = send(&nobody, "/v1/users", &key, &body).await.expect_problem(409, "email_taken");
    let _ = send(&nobody, "/v1/users", &key, &json!({"email": "x", "password": "correct horse"})).await.expect(422);
    let free = json!({"email": format!("2{name}@example.com"), "password": "correct horse"});
    let _ = send(&nobody, "/v1/users", &key, &free).await.expect(201);
}

#[tokio::test]
async fn neither_key_nor_reply_is_stored_in_clear() {
    let (ada, nobody) = (Person::register().await, Person::anonymous());
    let name = Uuid::new_v4().simple().to_string();
    let user = json!({"email": format!("{name}@example.com"), "password": "correct horse"});
    let secret = format!("secret {name}");
    for (person, path, body) in [(&ada, "/v1/chats", json!({"title": secret})), (&nobody, "/v1/users", user)] {
        let key = new_key();
        let reply = send(person, path, &key, &body).await.expect(201);
        let hash = Sha256::of(key.as_bytes()).0.to_vec();
        let parameters: [&(dyn ToSql + Sync); 1] = [&hash];
        let row = database::behind()
            .await
            .query_one("select fingerprint, reply from idempotency_keys where key_hash = $1", &parameters)
            .await
            .expect("one row");
        let stored: Vec<u8> = [row.get::<_, Vec<u8>>(0), row.get(1)].concat();
        assert!(stored.len() > reply.bytes.len());
        let id = reply.json.pointer("/user/id").or(reply.json.get("id")).and_then(Value::as_str).expect("an id");
        for clear in [key.as_bytes(), id.as_bytes(), name.as_bytes(), b"\"status\"", b"atelier_", &reply.bytes[..16]] {
            assert!(!stored.windows(clear.len()).any(|window| window == clear));
        }
    }
}

#[tokio::test]
async fn a_key_has_1_to_255_characters() {
    let ada = Person::register().await;
    for wrong in ["", &"k".repeat(256)] {
        let reply = send(&ada, "/v1/chats", wrong, &json!({})).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), ["/headers/idempotency-key"]);
    }
    let _ = send(&ada, "/v1/chats", &"k".repeat(255), &json!({})).await.expect(201);
    // It says nothing to what is no POST.
    let path = format!("/v1/artifacts/{}", ada.create_artifact("private", "draw();\n").await.id());
    for title in ["A watch", "A bell"] {
        let headers = [("idempotency-key", "same"), ("if-match", "*")];
        let reply = ada.send_with("PATCH", &path, &headers, json!({ "title": title })).await.expect(200);
        assert_eq!(reply.json["title"], title);
    }
}
