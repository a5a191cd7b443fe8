//! GET /v1/shared/{token}

use harness::{
    Person, Reply, Value,
    database::{behind, number},
    json, together,
};

async fn set(share: &str, column: &str, value: &str) {
    let update = format!("update shares set {column} = {value} where id = '{share}'");
    behind().await.batch_execute(&update).await.expect("it can be changed");
}

async fn open_with(path: &str, password: &str) -> Reply {
    Person::anonymous().sending("share-password", password).get(path).await
}

fn contents(opened: &Reply) -> Vec<&str> {
    let items = opened.json["messages"]["items"].as_array().expect("messages");
    items.iter().map(|item| item["content"].as_str().expect("a text")).collect()
}

#[tokio::test]
async fn a_chat_is_shown_to_anyone_with_the_link() {
    let (ada, bob, nobody) = (Person::register().await, Person::register().await, Person::anonymous());
    let chat = json!({"title": "A clock", "external_key": "secret-key"});
    let chat = ada.post("/v1/chats", chat).await.expect(201).id();
    let bytes = uuid::Uuid::new_v4();
    let upload = ada.upload("attachment", "text/plain", bytes.as_bytes()).await.id();
    let message = json!({
        "role": "user", "content": "first", "client_id": "secret-id", "metadata": {"mode": "fast"}, "attachments": [upload]
    });
    let messages = format!("/v1/chats/{chat}/messages");
    let first = ada.post(&messages, message).await.expect(201).id();
    let _ =
        ada.post(&messages, json!({"role": "assistant", "content": "second", "parent_id": first})).await.expect(201);
    let live = ada.share(json!({ "chat_id": chat })).await;
    let pinned = ada.share(json!({"chat_id": chat, "message_id": first})).await;
    let _ = ada.post(&messages, json!({"role": "user", "content": "third"})).await.expect(201);

    for person in [&nobody, &bob, &ada, &nobody.sending("authorization", "Bearer atelier_nonsense")] {
        let opened = person.get(&live).await.expect(200);
        assert_eq!(contents(&opened), ["first", "second", "third"]);
        assert_eq!((&opened.json["kind"], &opened.json["is_live"]), (&json!("chat"), &json!(true)));
        assert_eq!(opened.json["chat"]["message_count"], 3);
        assert!(opened.json["artifact"].is_null() && opened.json["version"].is_null());
    }
    let opened = nobody.get(&pinned).await.expect(200);
    assert_eq!(contents(&opened), ["first"]);
    assert_eq!((&opened.json["is_live"], &opened.json["messages"]["next_cursor"]), (&json!(false), &json!(null)));
    let owner = json!({"user_id": ada.id(), "handle": ada.handle(), "display_name": "A Person", "avatar": null});
    assert_eq!(opened.json["owner"], owner);
    let created_at = opened.json["chat"]["created_at"].clone();
    let expected = json!({"id": chat, "title": "A clock", "message_count": null, "created_at": created_at});
    assert_eq!(opened.json["chat"], expected);
    let message = &opened.json["messages"]["items"][0];
    assert_eq!((&message["metadata"], &message["client_id"]), (&json!({"mode": "fast"}), &json!(null)));
    let fetched = nobody.fetch(&message["attachments"][0]["blob"]["url"]).await.expect(200);
    assert_eq!(fetched.bytes, bytes.as_bytes());
    let text = opened.json.to_string();
    assert!(!text.contains("secret") && !text.contains("@example.com"), "{text}");
}

#[tokio::test]
async fn an_artifact_is_shown_with_its_newest_version_or_a_pinned_one() {
    let (ada, nobody) = (Person::register().await, Person::anonymous());
    let new = json!({
        "title": "A clock", "description": "It ticks.", "metadata": {"size": 7}, "chat_id": null,
        "source_session": {"id": "secret-session", "credits_estimate": 7},
        "version": {
            "label": "One", "session_id": "secret-session", "credits_used_estimate": 7.5, "chat": ["secret"],
            "files": [{"path": "clock.js", "language": "javascript", "content": "first();\n"}]
        }
    });
    let artifact = ada.post("/v1/artifacts", new).await.expect(201).id();
    let live = ada.share(json!({ "artifact_id": artifact })).await;
    let pinned = ada.share(json!({"artifact_id": artifact, "version": 1})).await;
    let _ = ada.publish(&artifact, "second();\n").await;
    for (path, index, text) in [(&live, 2, "second();\n"), (&pinned, 1, "first();\n")] {
        let opened = nobody.get(path).await.expect(200);
        assert_eq!(opened.json["version"]["version_index"], index);
        assert_eq!(opened.json["version"]["files"][0]["content"], text);
        assert_eq!(opened.json["is_live"], index == 2);
        assert!(opened.json["chat"].is_null() && opened.json["messages"].is_null());
        let shown = &opened.json["artifact"];
        assert_eq!((&shown["title"], &shown["description"]), (&json!("A clock"), &json!("It ticks.")));
        assert_eq!((&shown["metadata"], &shown["type"]), (&json!({"size": 7}), &json!("code")));
        assert_eq!(opened.json["version"]["version_metadata"]["title"], "A clock");
        assert!(!opened.json.to_string().contains("secret"), "{}", opened.json);
    }
    // But for what is the owner's alone it is what the owner reads.
    let mut mine = ada.get(&format!("/v1/artifacts/{artifact}/versions/1")).await.expect(200).json;
    let mut shown = nobody.get(&pinned).await.expect(200).json["version"].clone();
    for private in ["session_id", "credits_used_estimate", "version_metadata", "chat"] {
        mine[private] = Value::Null;
        shown[private] = Value::Null;
    }
    assert_eq!(shown, mine);
    // The conversation behind a version is shown where it is to everyone.
    let _ =
        ada.patch(&format!("/v1/artifacts/{artifact}"), "*", json!({"chat_history_public": true})).await.expect(200);
    assert_eq!(nobody.get(&pinned).await.expect(200).json["version"]["chat"], json!(["secret"]));
    // The link opens what is private, and nothing else does.
    let _ = nobody.get(&format!("/v1/artifacts/{artifact}")).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_fork_does_not_name_its_private_source() {
    let (ada, bob, nobody) = (Person::register().await, Person::register().await, Person::anonymous());
    let source = ada.create_artifact("public", "draw();\n").await.id();
    let fork =
        bob.post(&format!("/v1/artifacts/{source}/forks"), json!({"visibility": "private"})).await.expect(201).id();
    let _ = ada.patch(&format!("/v1/artifacts/{source}"), "*", json!({"visibility": "private"})).await.expect(200);
    let opened = nobody.get(&bob.share(json!({ "artifact_id": fork })).await).await.expect(200);
    assert_eq!(opened.json["version"]["files"][0]["content"], "draw();\n");
    assert!(!opened.json.to_string().contains(&source), "{}", opened.json);
}

#[tokio::test]
async fn an_artifact_without_versions_has_none() {
    let (ada, nobody) = (Person::register().await, Person::anonymous());
    let artifact = ada.post("/v1/artifacts", json!({"title": "Empty"})).await.expect(201).id();
    let path = ada.share(json!({ "artifact_id": artifact })).await;
    let opened = nobody.get(&path).await.expect(200);
    assert!(opened.json["artifact"].is_object() && opened.json["version"].is_null());
    let _ = ada.publish(&artifact, "draw();\n").await;
    assert_eq!(nobody.get(&path).await.expect(200).json["version"]["version_index"], 1);
}

#[tokio::test]
async fn what_is_over_says_why_to_whoever_has_the_link() {
    let (ada, nobody) = (Person::register().await, Person::anonymous());
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let share =
        ada.post("/v1/shares", json!({"chat_id": chat, "expires_at": "2100-01-01T00:00:00Z"})).await.expect(201);
    let path = share.json["path"].as_str().expect("a path");
    let _ = nobody.get(path).await.expect(200);
    set(&share.id(), "expires_at", "now()").await;
    let _ = nobody.get(path).await.expect_problem(410, "share_expired");

    let path = ada.share(json!({"chat_id": chat, "max_views": 2})).await;
    for _ in 0..2 {
        let _ = nobody.get(&path).await.expect(200);
    }
    let _ = nobody.get(&path).await.expect_problem(410, "share_spent");

    let trashed = ada.share(json!({"artifact_id": artifact, "max_views": 1})).await;
    let _ = ada.delete(&format!("/v1/artifacts/{artifact}")).await.expect(204);
    let _ = nobody.get(&trashed).await.expect_problem(410, "share_gone");
    let _ = ada.post(&format!("/v1/artifacts/{artifact}/undelete"), json!({})).await.expect(200);
    let _ = nobody.get(&trashed).await.expect(200);

    let gone = ada.share(json!({ "chat_id": chat })).await;
    let _ = ada.delete(&format!("/v1/chats/{chat}")).await.expect(204);
    let _ = nobody.get(&gone).await.expect_problem(410, "share_gone");
    let artifact_gone = ada.share(json!({ "artifact_id": artifact })).await;
    let remove = "delete from artifacts where id = $1::text::uuid";
    assert_eq!(behind().await.execute(remove, &[&artifact]).await.expect("it can be removed"), 1);
    let _ = nobody.get(&artifact_gone).await.expect_problem(410, "share_gone");
}

#[tokio::test]
async fn links_of_a_barred_account_lead_nowhere() {
    let (ada, nobody) = (Person::register().await, Person::anonymous());
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let path = ada.share(json!({ "chat_id": chat })).await;
    let admin = Person::superuser().await;
    let account = format!("/v1/users/{}", ada.id());
    let _ = admin.patch(&account, "*", json!({"is_active": false})).await.expect(200);
    let _ = nobody.get(&path).await.expect_problem(410, "share_gone");
    let _ = admin.patch(&account, "*", json!({"is_active": true})).await.expect(200);
    let _ = nobody.get(&path).await.expect(200);
}

#[tokio::test]
async fn an_unknown_token_is_not_found() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let path = ada.share(json!({ "chat_id": chat })).await;
    for wrong in
        ["share_unknown".to_owned(), "%E2%9C%93".to_owned(), path[11..].to_lowercase(), format!("{}x", &path[11..])]
    {
        let wrong = format!("/v1/shared/{wrong}");
        let _ = ada.get(&wrong).await.expect_problem(404, "not_found");
        let _ = open_with(&wrong, "correct horse").await.expect_problem(404, "not_found");
    }
    for (query, pointer) in
        [("limit=101", "/query/limit"), ("cursor=7", "/query/cursor"), ("password=a", "/query/password")]
    {
        let reply = ada.get(&format!("{path}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
    assert_eq!(ada.walk("/v1/shares").await[0]["views_count"], 0);
}

#[tokio::test]
async fn exactly_as_many_open_it_as_may() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    for max_views in [1, 30] {
        let path = ada.share(json!({"chat_id": chat, "max_views": max_views})).await;
        let replies = together((0..100).map(|_| {
            let path = path.clone();
            async move { Person::anonymous().get(&path).await }
        }))
        .await;
        let (opened, refused): (Vec<Reply>, Vec<Reply>) = replies.into_iter().partition(|reply| reply.status == 200);
        assert_eq!(opened.len(), max_views);
        for reply in refused {
            let _ = reply.expect_problem(410, "share_spent");
        }
        let share = &ada.walk("/v1/shares").await[0];
        assert_eq!((&share["views_count"], &share["state"]), (&json!(max_views), &json!("spent")));
    }
}

#[tokio::test]
async fn every_view_is_counted() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let path = ada.share(json!({ "artifact_id": artifact })).await;
    let replies = together((0..100).map(|_| {
        let path = path.clone();
        async move { Person::anonymous().get(&path).await.status }
    }))
    .await;
    assert!(replies.iter().all(|status| *status == 200));
    assert_eq!(ada.walk("/v1/shares").await[0]["views_count"], 100);
}

#[tokio::test]
async fn a_password_is_asked_for() {
    let (ada, nobody) = (Person::register().await, Person::anonymous());
    let chat = ada.post("/v1/chats", json!({"title": "A clock"})).await.expect(201).id();
    let path = ada.share(json!({"chat_id": chat, "password": " 100% pässwörd ", "max_views": 2})).await;
    let reply = nobody.get(&path).await.expect_problem(401, "share_password_required");
    assert_eq!(reply.header("www-authenticate"), "Share");
    for wrong in ["", "wrong", "100% p%C3%A4ssw%C3%B6rd", "%20100%25%20p%C3%A4ssw%C3%B6rd%20%00", &"x".repeat(300)] {
        let reply = open_with(&path, wrong).await.expect_problem(401, "share_password_wrong");
        assert_eq!(reply.header("www-authenticate"), "Share");
        assert!(!reply.json.to_string().contains("A clock"));
    }
    let reply = open_with(&path, "%FF").await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/headers/share-password"]);
    assert_eq!(ada.walk("/v1/shares").await[0]["views_count"], 0);
    let opened = open_with(&path, "%20100%25%20p%C3%A4ssw%C3%B6rd%20").await.expect(200);
    assert_eq!(opened.json["chat"]["title"], "A clock");
    // To read on it takes the view alone.
    let reader = nobody.sending("share-view", opened.json["view"].as_str().expect("a view"));
    let _ = reader.get(&format!("{path}/messages")).await.expect(200);
    // A sign of percent that begins no code stands for itself, and so does what is not ASCII.
    let _ = open_with(&path, "%20100%%20pässwörd%20").await.expect(200);
    let _ = open_with(&path, "wrong").await.expect_problem(410, "share_spent");
    // Who sends one where none is asked for is let in.
    let open = ada.share(json!({ "chat_id": chat })).await;
    let _ = open_with(&open, "whatever").await.expect(200);
}

#[tokio::test]
async fn passwords_cannot_be_guessed() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let share = ada.post("/v1/shares", json!({"chat_id": chat, "password": "correct horse"})).await.expect(201);
    let path = share.json["path"].as_str().expect("a path").to_owned();
    let other = ada.share(json!({"chat_id": chat, "password": "correct horse"})).await;
    // Right ones in between neither use up attempts nor give back those of others.
    for _ in 0..3 {
        let _ = open_with(&path, "wrong").await.expect_problem(401, "share_password_wrong");
        let _ = open_with(&path, "correct horse").await.expect(200);
    }
    let replies = together((0..60).map(|guess| {
        let path = path.clone();
        async move { open_with(&path, &format!("guess {guess}")).await }
    }))
    .await;
    let (tried, refused): (Vec<Reply>, Vec<Reply>) = replies.into_iter().partition(|reply| reply.status == 401);
    assert_eq!((tried.len(), refused.len()), (17, 43));
    for reply in refused {
        let seconds: i32 = reply.expect_problem(429, "share_locked").header("retry-after").parse().expect("a number");
        assert!((3500..=3600).contains(&seconds), "{seconds}");
    }
    // Then not even the right one opens it, though another link.
    let _ = open_with(&path, "correct horse").await.expect_problem(429, "share_locked");
    let _ = open_with(&other, "correct horse").await.expect(200);
    // An hour later there are as many attempts again.
    set(&share.id(), "password_attempts_since", "now() - interval '1 hour'").await;
    let _ = open_with(&path, "wrong").await.expect_problem(401, "share_password_wrong");
    let _ = open_with(&path, "correct horse").await.expect(200);
    let attempts = "select password_attempts::bigint from shares where id = $1::text::uuid";
    assert_eq!(number(attempts, &[&share.id()]).await, 1);
}

#[tokio::test]
async fn many_who_know_the_password_come_in_together() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let path = ada.share(json!({"chat_id": chat, "password": "correct horse", "max_views": 7})).await;
    let replies = together((0..15).map(|_| {
        let path = path.clone();
        async move { open_with(&path, "correct horse").await.status }
    }))
    .await;
    assert_eq!(replies.iter().filter(|status| **status == 200).count(), 7, "{replies:?}");
    assert!(replies.iter().all(|status| [200, 410].contains(status)), "{replies:?}");
}

/// Whoever opens a link sees by its owner's eyes: nothing can be changed by them.
#[tokio::test]
async fn a_reader_cannot_write() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let path = ada.share(json!({ "chat_id": chat })).await;
    let functions = harness::database::connect(&harness::database::functions_url()).await;
    functions.batch_execute("begin").await.expect("begins");
    let open = "select auth.open_share(sha256(convert_to($1, 'utf8')), null)";
    functions.query(open, &[&&path[11..]]).await.expect("opens");
    let error = functions.batch_execute("update chats set title = 'Mine'").await.expect_err("read only");
    assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("25006"), "{error}");
    functions.batch_execute("rollback").await.expect("rolls back");
    for secret in ["token_hash", "password_hash", "view_key", "password_attempts"] {
        let error = functions.batch_execute(&format!("select {secret} from shares")).await.expect_err("denied");
        assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("42501"), "{error}");
    }
    for internal in ["auth.find_share('')", "auth.read_share(null)"] {
        let error = functions.batch_execute(&format!("select {internal}")).await.expect_err("denied");
        assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("42501"), "{error}");
    }
}
