//! POST /v1/messages/{id}/edits

use harness::{Person, json, together};
use uuid::Uuid;

#[tokio::test]
async fn an_edit_stands_beside_the_first_one() {
    let ada = Person::register().await;
    let path = format!("/v1/chats/{}/messages", ada.post("/v1/chats", json!({})).await.expect(201).id());
    let upload = ada.upload("attachment", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let root = ada.post(&path, json!({"role": "system", "content": "Draw well."})).await.expect(201).id();
    let body = json!({"role": "user", "content": "Draw a clock.", "parent_id": root, "attachments": [upload], "metadata": {"a": 1}});
    let first = ada.post(&path, body).await.expect(201);
    let answer = json!({"role": "assistant", "content": "A clock.", "parent_id": first.id()});
    let answer = ada.post(&path, answer).await.expect(201).id();
    let edits = format!("/v1/messages/{}/edits", first.id());
    let edit = ada.post(&edits, json!({"content": "Draw a sundial."})).await.expect(201);
    assert_ne!(edit.id(), first.id());
    for field in ["chat_id", "role", "parent_id", "metadata"] {
        assert_eq!(edit.json[field], first.json[field], "{field}");
    }
    assert_eq!((&edit.json["content"], &edit.json["client_id"]), (&json!("Draw a sundial."), &json!(null)));
    assert_eq!(edit.json["attachments"][0]["blob"], first.json["attachments"][0]["blob"]);
    assert_ne!(edit.json["attachments"][0]["id"], first.json["attachments"][0]["id"]);
    assert_eq!(edit.header("location"), format!("/v1/messages/{}", edit.id()));
    assert_eq!(ada.get(&format!("/v1/messages/{}", first.id())).await.expect(200).json, first.json);
    let other = ada.post(&edits, json!({"content": "", "metadata": {}})).await.expect(201);
    assert_eq!(other.json["metadata"], json!({}));
    // The answer is in the branch of what it answered, and in no other.
    let branch = async |leaf: &str| {
        let items = ada.walk(&format!("{path}?leaf={leaf}")).await;
        items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(branch(&answer).await, [answer.clone(), first.id(), root.clone()]);
    assert_eq!(branch(&edit.id()).await, [edit.id(), root]);
    assert_eq!(ada.walk("/v1/chats").await[0]["message_count"], 5);
}

#[tokio::test]
async fn many_retries_of_one_edit_store_one() {
    let ada = Person::register().await;
    let path = format!("/v1/chats/{}/messages", ada.post("/v1/chats", json!({})).await.expect(201).id());
    let upload = ada.upload("attachment", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let body = json!({"role": "user", "content": "Draw.", "attachments": [upload]});
    let edits = format!("/v1/messages/{}/edits", ada.post(&path, body).await.expect(201).id());
    let replies = together((0..30).map(|_| {
        let (ada, edits) = (ada.clone(), edits.clone());
        async move { ada.post(&edits, json!({"content": "Paint.", "client_id": "e-1"})).await }
    }))
    .await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    assert!(replies.iter().all(|reply| reply.status < 300 && reply.json == replies[0].json));
    assert_eq!(replies[0].json["attachments"].as_array().map(Vec::len), Some(1));
    assert_eq!(ada.walk(&path).await.len(), 2);
}

#[tokio::test]
async fn what_is_not_ones_own_or_not_valid_is_refused() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/chats/{}/messages", ada.post("/v1/chats", json!({})).await.expect(201).id());
    let message = ada.post(&path, json!({"role": "user", "content": "?", "client_id": "m-1"})).await.expect(201);
    let edits = format!("/v1/messages/{}/edits", message.id());
    let body = json!({"content": "Paint."});
    for client_id in [json!(null), json!("m-1")] {
        let _ = bob.post(&edits, json!({"content": "", "client_id": client_id})).await.expect_problem(404, "not_found");
    }
    let nowhere = format!("/v1/messages/{}/edits", Uuid::now_v7());
    let _ = ada.post(&nowhere, body.clone()).await.expect_problem(404, "not_found");
    ada.expect_strict("POST", &edits, body.clone()).await;
    let wrong = [
        ("/content", json!(null)),
        ("/content", json!("a\u{0}")),
        ("/content", json!("x".repeat(1_000_001))),
        ("/metadata", json!([])),
        ("/client_id", json!("")),
    ];
    ada.expect_invalid("POST", &edits, &body, &wrong).await;
    assert_eq!(ada.walk(&path).await.len(), 1);
}
