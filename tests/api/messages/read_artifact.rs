//! GET /v1/messages/{id}/artifact

use harness::{Person, database, json};
use uuid::Uuid;

#[tokio::test]
async fn it_is_the_owners_alone() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let message = ada.post(&format!("/v1/chats/{chat}/messages"), json!({"role": "agent", "content": ""})).await;
    let path = format!("/v1/messages/{}/artifact", message.expect(201).id());
    let _ = ada.get(&path).await.expect_problem(404, "not_found");
    let made = ada.send_with("PUT", &path, &[("if-match", "*")], json!({"payload": {"a": 1}})).await.expect(200);
    let read = ada.get(&path).await.expect(200);
    assert_eq!((&read.json, read.etag()), (&made.json, made.etag()));
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().get(&path).await.expect_problem(401, "unauthenticated");
    let _ = ada.get("/v1/messages/7/artifact").await.expect_problem(400, "malformed");
    let _ = ada.get(&format!("/v1/messages/{}/artifact", Uuid::now_v7())).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn what_an_import_brought_may_be_too_large_for_a_reply() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    // A quote takes four bytes: Lambda puts the JSON into JSON once more.
    for (text, times) in [("x", 6_300_000), ("\"", 1_600_000)] {
        let message = ada.post(&format!("/v1/chats/{chat}/messages"), json!({"role": "agent", "content": ""})).await;
        let message = message.expect(201).id();
        let insert = "insert into message_artifacts (message_id, user_id, payload)
                      select id, user_id, jsonb_build_object('generatedFileMap', repeat($2, $3))
                      from messages where id = $1::text::uuid";
        let _ = database::behind().await.execute(insert, &[&message, &text, &times]).await.expect("inserted");
        let _ = ada.get(&format!("/v1/messages/{message}/artifact")).await.expect_problem(413, "too_large");
    }
}
