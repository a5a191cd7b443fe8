//! GET /v1/messages/{id}

use harness::{Person, json};
use uuid::Uuid;

#[tokio::test]
async fn a_message_is_read_as_it_was_stored() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let upload = ada.upload("attachment", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let body = json!({"role": "user", "content": "See", "attachments": [upload], "metadata": {"a": 1}});
    let made = ada.post(&format!("/v1/chats/{chat}/messages"), body).await.expect(201);
    let path = made.header("location").to_owned();
    assert_eq!(path, format!("/v1/messages/{}", made.id()));
    let read = ada.get(&path).await.expect(200);
    assert_eq!((&read.json, &read.json["has_artifact"]), (&made.json, &json!(false)));
    let again = ada.request("GET", &path).header("if-none-match", read.etag());
    let _ = harness::Reply::to(again).await.expect(304);
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().get(&path).await.expect_problem(401, "unauthenticated");
    let _ = ada.get(&format!("/v1/messages/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = ada.get("/v1/messages/7").await.expect_problem(400, "malformed");
}
