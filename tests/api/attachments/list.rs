//! GET /v1/messages/{id}/attachments

use harness::{Person, json};
use uuid::Uuid;

#[tokio::test]
async fn all_are_listed_in_their_order() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let first = ada.upload("attachment", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let second = ada.upload("attachment", "text/html", Uuid::new_v4().as_bytes()).await.id();
    let body = json!({"role": "user", "content": "See", "attachments": [second, first]});
    let message = ada.post(&format!("/v1/chats/{chat}/messages"), body).await.expect(201);
    let path = format!("/v1/messages/{}/attachments", message.id());
    let listed = ada.get(&path).await.expect(200).json;
    assert_eq!(listed, json!({"items": message.json["attachments"], "next_cursor": null}));
    assert_eq!(listed["items"][0]["mime_type"], "text/html");
    let none =
        ada.post(&format!("/v1/chats/{chat}/messages"), json!({"role": "user", "content": ""})).await.expect(201);
    assert!(ada.walk(&format!("/v1/messages/{}/attachments", none.id())).await.is_empty());
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
    let _ = ada.get(&format!("/v1/messages/{}/attachments", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = ada.get(&format!("{path}?limit=1")).await.expect_problem(422, "invalid");
}
