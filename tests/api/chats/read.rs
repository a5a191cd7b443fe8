//! GET /v1/chats/{id}

use harness::{Person, Reply, json};
use uuid::Uuid;

#[tokio::test]
async fn a_chat_is_read_as_it_was_made() {
    let ada = Person::register().await;
    let made = ada.post("/v1/chats", json!({"title": "A clock", "external_key": "thread-7"})).await.expect(201);
    let path = format!("/v1/chats/{}", made.id());
    assert_eq!(made.header("location"), path);
    let read = ada.get(&path).await.expect(200);
    assert_eq!((&read.json, read.etag()), (&made.json, made.etag()));
    let known = ada.request("GET", &path).header("if-none-match", read.etag());
    let _ = Reply::to(known).await.expect(304);
    let _ = ada.post(&format!("{path}/messages"), json!({"role": "user", "content": "Draw."})).await.expect(201);
    assert_eq!(ada.get(&path).await.expect(200).json["message_count"], 1);
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/chats/{}", ada.post("/v1/chats", json!({})).await.expect(201).id());
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
    let _ = ada.get(&format!("/v1/chats/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = ada.get("/v1/chats/7").await.expect_problem(400, "malformed");
    let _ = Person::anonymous().get(&path).await.expect_problem(401, "unauthenticated");
}
