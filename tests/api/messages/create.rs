//! POST /v1/chats/{id}/messages

use harness::{Person, Value, database, json, together};
use uuid::Uuid;

async fn new_chat(person: &Person) -> String {
    format!("/v1/chats/{}/messages", person.post("/v1/chats", json!({})).await.expect(201).id())
}

async fn message_count(person: &Person) -> i64 {
    let chats = person.walk("/v1/chats").await;
    chats.iter().map(|chat| chat["message_count"].as_i64().expect("a number")).sum()
}

#[tokio::test]
async fn a_message_comes_back() {
    let ada = Person::register().await;
    let path = new_chat(&ada).await;
    for role in ["user", "assistant", "agent", "system"] {
        let body = json!({"role": role, "content": "Draw \u{1f552}\n", "metadata": {"a": [1]}, "client_id": role});
        let made = ada.post(&path, body.clone()).await.expect(201);
        for field in ["role", "content", "metadata", "client_id"] {
            assert_eq!(made.json[field], body[field], "{field}");
        }
        assert!(path.contains(made.json["chat_id"].as_str().expect("an id")));
        assert_eq!((&made.json["parent_id"], &made.json["attachments"]), (&Value::Null, &json!([])));
        assert_eq!(ada.walk(&path).await[0], made.json);
    }
    assert_eq!(message_count(&ada).await, 4);
    let least = ada.post(&path, json!({"role": "user", "content": ""})).await.expect(201);
    assert_eq!((&least.json["content"], &least.json["metadata"]), (&json!(""), &json!({})));
}

#[tokio::test]
async fn attachments_come_along_with_a_url() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = new_chat(&ada).await;
    let (text, picture) = (Uuid::new_v4().to_string(), harness::pictures::png(12, 8));
    let first = ada.upload("attachment", "text/plain", text.as_bytes()).await.id();
    let second = ada.upload("attachment", "image/png", &picture).await.id();
    let body = json!({"role": "user", "content": "See", "attachments": [second, first, second]});
    let made = ada.post(&path, body).await.expect(201);
    let listed = ada.walk(&path).await.remove(0);
    assert_eq!(listed["attachments"], made.json["attachments"]);
    let attachments = listed["attachments"].as_array().expect("attachments");
    for (attachment, bytes) in attachments.iter().zip([&picture, text.as_bytes(), &picture] as [&[u8]; 3]) {
        assert_eq!(
            (&attachment["original_name"], &attachment["size_bytes"]),
            (&json!("file.bin"), &json!(bytes.len()))
        );
        let fetched = bob.fetch(&attachment["blob"]["url"]).await.expect(200);
        assert_eq!((fetched.bytes.as_slice(), fetched.header("content-disposition")), (bytes, "attachment"));
    }
    assert_eq!(attachments.len(), 3);
    assert_eq!(
        (&attachments[0]["mime_type"], &attachments[1]["mime_type"]),
        (&json!("image/png"), &json!("text/plain"))
    );

    let theirs = bob.upload("attachment", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let pending = ada.declare("attachment", "text/plain", b"not sent").await.expect(201).id();
    let document = ada.upload("document", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    for (uploads, pointer) in [
        (json!([theirs]), "/attachments/0"),
        (json!([first, pending]), "/attachments/1"),
        (json!([first, second, Uuid::now_v7()]), "/attachments/2"),
        (json!([document]), "/attachments/0"),
    ] {
        let body = json!({"role": "user", "content": "See", "attachments": uploads});
        let reply = ada.post(&path, body).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), [pointer]);
    }
    assert_eq!(message_count(&ada).await, 1);
}

#[tokio::test]
async fn the_same_client_id_again_gives_the_first_one() {
    let ada = Person::register().await;
    let path = new_chat(&ada).await;
    let upload = ada.upload("attachment", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let body = json!({"role": "user", "content": "Draw.", "client_id": "m-1", "attachments": [upload]});
    let first = ada.post(&path, body.clone()).await.expect(201);
    assert_eq!(ada.post(&path, body).await.expect(200).json, first.json);
    let other = json!({"role": "system", "content": "Other", "client_id": "m-1", "metadata": {"a": 1}});
    assert_eq!(ada.post(&path, other.clone()).await.expect(200).json, first.json);
    assert_eq!((ada.walk(&path).await.len(), message_count(&ada).await), (1, 1));
    let elsewhere = new_chat(&ada).await;
    let _ = ada.post(&elsewhere, other).await.expect(201);
}

#[tokio::test]
async fn many_retries_store_one_message() {
    let ada = Person::register().await;
    let path = new_chat(&ada).await;
    let upload = ada.upload("attachment", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let replies = together((0..100).map(|_| {
        let (ada, path) = (ada.clone(), path.clone());
        let body = json!({"role": "user", "content": "Draw.", "client_id": "m-1", "attachments": [upload]});
        async move { ada.post(&path, body).await }
    }))
    .await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 99);
    assert!(replies.iter().all(|reply| reply.json == replies[0].json));
    assert_eq!(replies[0].json["attachments"].as_array().map(Vec::len), Some(1));
    assert_eq!((ada.walk(&path).await, message_count(&ada).await), (vec![replies[0].json.clone()], 1));
}

#[tokio::test]
async fn messages_sent_at_once_are_all_there_and_counted() {
    let ada = Person::register().await;
    let path = new_chat(&ada).await;
    let replies = together((0..40).map(|index| {
        let (ada, path) = (ada.clone(), path.clone());
        async move { ada.post(&path, json!({"role": "user", "content": index.to_string()})).await.expect(201).id() }
    }))
    .await;
    let mut listed: Vec<String> = ada
        .walk(&format!("{path}?limit=7"))
        .await
        .iter()
        .map(|item| item["id"].as_str().expect("an id").to_owned())
        .collect();
    listed.sort();
    let mut sent = replies;
    sent.sort();
    assert_eq!(listed, sent);
    assert_eq!(message_count(&ada).await, 40);
}

/// Sends, edits and deletions at once, some of them of messages already archived: what remains is what is counted.
#[tokio::test]
async fn the_count_is_exact_after_a_storm() {
    let ada = Person::register().await;
    let path = new_chat(&ada).await;
    for start in (0..500_usize).step_by(100) {
        let calls = (start..start + 100).map(|index| {
            let (ada, path) = (ada.clone(), path.clone());
            async move {
                let sent = ada.post(&path, json!({"role": "user", "content": index.to_string()})).await.expect(201);
                let message = format!("/v1/messages/{}", sent.id());
                if index % 5 == 1 {
                    let _ = ada.post(&format!("{message}/edits"), json!({"content": "again"})).await.expect(201);
                }
                if index % 5 == 2 {
                    let archive = "update messages set archived_at = now() where id = $1::text::uuid";
                    let _ = database::behind().await.execute(archive, &[&sent.id()]).await.expect("archived");
                }
                if index % 5 == 0 || index % 10 == 2 {
                    let _ = ada.delete(&message).await.expect(204);
                }
            }
        });
        together(calls).await;
    }
    let user: Uuid = ada.id().parse().expect("a UUID");
    let rows = database::number("select count(*) from messages where user_id = $1", &[&user]).await;
    // 100 deleted, 100 more by edits, 50 of the archived deleted.
    assert_eq!((rows, message_count(&ada).await), (450, 450));
}

#[tokio::test]
async fn an_answer_stays_in_its_chat() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let (path, other) = (new_chat(&ada).await, new_chat(&ada).await);
    let question = ada.post(&path, json!({"role": "user", "content": "?"})).await.expect(201);
    let body = |parent: &Value| json!({"role": "assistant", "content": "!", "parent_id": parent});
    for _ in 0..2 {
        let answer = ada.post(&path, body(&question.json["id"])).await.expect(201);
        assert_eq!(answer.json["parent_id"], question.json["id"]);
    }
    let elsewhere = ada.post(&other, json!({"role": "user", "content": "?"})).await.expect(201);
    let theirs = bob.post(&new_chat(&bob).await, json!({"role": "user", "content": "?"})).await.expect(201);
    for parent in [&elsewhere.json["id"], &theirs.json["id"], &json!(Uuid::now_v7())] {
        let reply = ada.post(&path, body(parent)).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), ["/parent_id"]);
    }
    assert_eq!(ada.walk(&path).await.len(), 3);
}

#[tokio::test]
async fn someone_elses_chat_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = new_chat(&ada).await;
    let upload = bob.upload("attachment", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let question = ada.post(&path, json!({"role": "user", "content": "?", "client_id": "m-1"})).await.expect(201);
    for body in [
        json!({"role": "user", "content": "?"}),
        json!({"role": "user", "content": "?", "client_id": "m-1"}),
        json!({"role": "user", "content": "?", "parent_id": question.id()}),
        json!({"role": "user", "content": "?", "attachments": [upload]}),
        json!({"role": "user", "content": "?", "attachments": [Uuid::now_v7()]}),
    ] {
        for path in [&path, &format!("/v1/chats/{}/messages", Uuid::now_v7())] {
            let _ = bob.post(path, body.clone()).await.expect_problem(404, "not_found");
        }
    }
    let _ = ada.post("/v1/chats/7/messages", json!({})).await.expect_problem(400, "malformed");
    assert_eq!(message_count(&ada).await, 1);
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let path = new_chat(&ada).await;
    let whole = json!({"role": "user", "content": "Draw."});
    ada.expect_strict("POST", &path, whole.clone()).await;
    let many: Vec<Uuid> = (0..21).map(|_| Uuid::now_v7()).collect();
    let wrong = [
        ("/role", json!("tool")),
        ("/role", Value::Null),
        ("/content", Value::Null),
        ("/content", json!(7)),
        ("/content", json!("a\u{0}")),
        ("/content", json!("x".repeat(1_000_001))),
        ("/metadata", json!("a")),
        ("/metadata", json!({"\u{0}": 1})),
        ("/metadata", json!({"a": {"b": "\u{0}"}})),
        ("/parent_id", json!("")),
        ("/client_id", json!("")),
        ("/client_id", json!("\u{0}")),
        ("/client_id", json!("x".repeat(201))),
        ("/attachments", Value::Null),
        ("/attachments", json!(many)),
        ("/attachments", json!(["7"])),
        ("/user_id", json!(ada.id())),
    ];
    ada.expect_invalid("POST", &path, &whole, &wrong[..15]).await;
    ada.expect_invalid("POST", &path, &whole, &wrong[16..]).await;
    let reply = ada.post(&path, json!({"role": "user", "content": "", "attachments": ["7"]})).await;
    assert!(reply.expect_problem(422, "invalid").pointers()[0].starts_with("/attachments"));
    for missing in ["role", "content"] {
        let mut body = whole.clone();
        body.as_object_mut().expect("an object").remove(missing);
        let _ = ada.post(&path, body).await.expect_problem(422, "invalid");
    }
    let huge = json!({"role": "user", "content": "x".repeat(5 * 1024 * 1024)});
    let _ = ada.post(&path, huge).await.expect_problem(413, "too_large");
    assert_eq!(message_count(&ada).await, 0);
    let longest = json!({"role": "user", "content": "\u{e9}".repeat(1_000_000)});
    let _ = ada.post(&path, longest).await.expect(201);
}

#[tokio::test]
async fn a_chat_that_is_just_being_deleted_is_not_there() {
    let ada = Person::register().await;
    let path = new_chat(&ada).await;
    let chat = path.split('/').nth(3).expect("an id");
    let request = ada.post(&path, json!({"role": "user", "content": "?"}));
    let _ = database::removed_meanwhile("chats", chat, request).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_chats_row_is_not_written_for_each_message() {
    let ada = Person::register().await;
    let path = new_chat(&ada).await;
    let before = ada.walk("/v1/chats").await.remove(0);
    let _ = ada.post(&path, json!({"role": "user", "content": "?"})).await.expect(201);
    let after = ada.walk("/v1/chats").await.remove(0);
    assert_eq!((&after["updated_at"], &after["message_count"]), (&before["updated_at"], &json!(1)));
    let sum = "select sum(messages)::bigint from chat_counts where chat_id = $1::text::uuid";
    assert_eq!(database::number(sum, &[&after["id"].as_str().expect("an id")]).await, 1);
}
/// The same bytes may be code in one place, stored as text, and attached as a file in another.
#[tokio::test]
async fn text_that_is_also_code_can_be_attached() {
    let ada = Person::register().await;
    let text = format!("// {}\n", Uuid::new_v4());
    let artifact = ada.create_artifact("private", &text).await;
    let path = new_chat(&ada).await;
    let upload = ada.upload("attachment", "text/javascript", text.as_bytes()).await.id();
    let body = json!({"role": "user", "content": "See", "attachments": [upload]});
    let made = ada.post(&path, body).await.expect(201);
    let fetched = ada.fetch(&made.json["attachments"][0]["blob"]["url"]).await.expect(200);
    assert_eq!(fetched.bytes, text.as_bytes());
    let version = ada.get(&format!("/v1/artifacts/{}/versions/1", artifact.id())).await.expect(200);
    assert_eq!(version.json["files"][0]["content"], text);
}
