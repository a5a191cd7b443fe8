//! POST /v1/containers/{id}/checkpoints

use harness::{Person, Value, database::number, json};
use uuid::Uuid;

#[tokio::test]
async fn a_checkpoint_counts_the_tree_and_copies_no_bytes() {
    let ada = Person::register().await;
    let container = ada.create_container().await.id();
    let path = format!("/v1/containers/{container}/checkpoints");
    let empty = ada.post(&path, json!({"name": "Empty"})).await.expect(201);
    assert_eq!((&empty.json["files_count"], &empty.json["size"]), (&json!(0), &json!(0)));
    for index in 0..5 {
        let _ = ada.put_file(&container, &format!("src/{index}"), "12345").await;
    }
    let gone = ada.put_file(&container, "gone", "1").await.id();
    let _ = ada.delete(&format!("/v1/files/{gone}")).await.expect(204);
    let blobs = "select count(*) from blobs where user_id = $1::text::uuid";
    let before = number(blobs, &[&ada.id()]).await;
    let made = ada.post(&path, json!({"name": "Five \u{1f552}"})).await.expect(201);
    assert_eq!((&made.json["files_count"], &made.json["size"]), (&json!(5), &json!(25)));
    assert_eq!((&made.json["name"], &made.json["container_id"]), (&json!("Five \u{1f552}"), &json!(container)));
    assert_eq!(number(blobs, &[&ada.id()]).await, before);
}

#[tokio::test]
async fn someone_elses_container_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let container = ada.create_container().await.id();
    for id in [container.clone(), Uuid::now_v7().to_string()] {
        let path = format!("/v1/containers/{id}/checkpoints");
        let _ = bob.post(&path, json!({"name": "Mine"})).await.expect_problem(404, "not_found");
    }
    assert!(ada.walk(&format!("/v1/containers/{container}/checkpoints")).await.is_empty());
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let path = format!("/v1/containers/{}/checkpoints", ada.create_container().await.id());
    ada.expect_strict("POST", &path, json!({"name": "First"})).await;
    let wrong =
        [("/name", json!("")), ("/name", Value::Null), ("/name", json!("x".repeat(201))), ("/name", json!("\u{0}"))];
    ada.expect_invalid("POST", &path, &json!({"name": "First"}), &wrong).await;
}
