//! DELETE /v1/items/{id}

use harness::{Person, json};
use uuid::Uuid;

#[tokio::test]
async fn a_note_is_gone() {
    let ada = Person::register().await;
    let path = format!("/v1/items/{}", ada.post("/v1/items", json!({"title": "Ideas"})).await.expect(201).id());
    let _ = ada.delete(&path).await.expect(204);
    let _ = ada.get(&path).await.expect_problem(404, "not_found");
    let _ = ada.delete(&path).await.expect_problem(404, "not_found");
    assert!(ada.walk("/v1/items").await.is_empty());
}

#[tokio::test]
async fn someone_elses_stays() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/items/{}", ada.post("/v1/items", json!({"title": "Ideas"})).await.expect(201).id());
    let _ = bob.delete(&path).await.expect_problem(404, "not_found");
    let _ = bob.delete(&format!("/v1/items/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = bob.delete("/v1/items/7").await.expect_problem(400, "malformed");
    let _ = Person::anonymous().delete(&path).await.expect_problem(401, "unauthenticated");
    let _ = ada.get(&path).await.expect(200);
}
