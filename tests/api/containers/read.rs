//! GET /v1/containers/{id}

use harness::{Person, json};
use uuid::Uuid;

#[tokio::test]
async fn its_owner_reads_it() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let made = ada.create_container().await;
    let path = made.header("location").to_owned();
    let read = ada.get(&path).await.expect(200);
    assert_eq!((&read.json, read.etag()), (&made.json, made.etag()));
    let _ = ada.send_with("GET", &path, &[("if-none-match", &read.etag())], json!({})).await.expect(304);
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().get(&path).await.expect_problem(401, "unauthenticated");
    let _ = ada.get(&format!("/v1/containers/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = ada.get("/v1/containers/clock").await.expect_problem(400, "malformed");
}
