//! GET /v1/items/{id}

use harness::{Person, Reply, json};
use uuid::Uuid;

#[tokio::test]
async fn a_note_is_read_as_it_was_made() {
    let ada = Person::register().await;
    let made = ada.post("/v1/items", json!({"title": "Ideas"})).await.expect(201);
    let path = format!("/v1/items/{}", made.id());
    let read = ada.get(&path).await.expect(200);
    assert_eq!((&read.json, read.etag()), (&made.json, made.etag()));
    let _ = Reply::to(ada.request("GET", &path).header("if-none-match", read.etag())).await.expect(304);
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/items/{}", ada.post("/v1/items", json!({"title": "Ideas"})).await.expect(201).id());
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
    let _ = ada.get(&format!("/v1/items/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = ada.get("/v1/items/7").await.expect_problem(400, "malformed");
    let _ = Person::anonymous().get(&path).await.expect_problem(401, "unauthenticated");
}
