//! POST /v1/chats

use harness::{Person, Value, json, together};

const PATH: &str = "/v1/chats";

#[tokio::test]
async fn a_chat_begins_empty() {
    let ada = Person::register().await;
    let made = ada.post(PATH, json!({"title": "A clock \u{1f552}", "external_key": "thread-7"})).await.expect(201);
    assert_eq!((&made.json["title"], &made.json["external_key"]), (&json!("A clock \u{1f552}"), &json!("thread-7")));
    assert_eq!((&made.json["user_id"], &made.json["message_count"]), (&json!(ada.id()), &json!(0)));
    assert!(!made.etag().is_empty());
    assert_eq!(ada.walk(PATH).await, [made.json]);
    for body in ["{}", ""] {
        let made = ada.send_text("POST", PATH, body).await.expect(201);
        assert_eq!((&made.json["title"], &made.json["external_key"]), (&Value::Null, &Value::Null));
    }
}

#[tokio::test]
async fn an_external_key_is_ones_own() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let body = json!({"external_key": "thread-7"});
    let _ = ada.post(PATH, body.clone()).await.expect(201);
    let reply = ada.post(PATH, body.clone()).await.expect_problem(409, "conflict");
    assert_eq!(reply.pointers(), ["/external_key"]);
    let _ = bob.post(PATH, body.clone()).await.expect(201);
    let _ = ada.post(PATH, json!({"external_key": "Thread-7"})).await.expect(201);
    let replies = together((0..10).map(|_| {
        let ada = ada.clone();
        async move { ada.post(PATH, json!({"external_key": "raced for"})).await.status }
    }))
    .await;
    assert_eq!(replies.iter().filter(|status| **status == 201).count(), 1);
    assert_eq!(replies.iter().filter(|status| **status == 409).count(), 9);
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    ada.expect_strict("POST", PATH, json!({"title": "A clock"})).await;
    let wrong = [
        ("/title", json!("")),
        ("/title", json!("x".repeat(201))),
        ("/title", json!("a\u{0}")),
        ("/title", json!(["a"])),
        ("/external_key", json!(" ")),
        ("/external_key", json!("\u{0}")),
        ("/external_key", json!("x".repeat(201))),
        ("/message_count", json!(7)),
    ];
    ada.expect_invalid("POST", PATH, &json!({}), &wrong).await;
    let huge = json!({"title": "x".repeat(5 * 1024 * 1024)});
    let _ = ada.post(PATH, huge).await.expect_problem(413, "too_large");
    assert!(ada.walk(PATH).await.is_empty());
    let longest = json!({"title": "\u{1f552}".repeat(200), "external_key": "\u{1f552}".repeat(200)});
    let _ = ada.post(PATH, longest).await.expect(201);
}
