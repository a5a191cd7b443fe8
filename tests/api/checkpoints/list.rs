//! GET /v1/containers/{id}/checkpoints

use harness::{Person, json};
use uuid::Uuid;

#[tokio::test]
async fn checkpoints_are_listed_newest_first() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let container = ada.create_container().await.id();
    let path = format!("/v1/containers/{container}/checkpoints");
    let mut made = Vec::new();
    for name in ["first", "second", "second"] {
        made.insert(0, ada.post(&path, json!({ "name": name })).await.expect(201).json);
    }
    for limit in [1, 100] {
        assert_eq!(ada.walk(&format!("{path}?limit={limit}")).await, made);
    }
    let other = ada.create_container().await.id();
    assert!(ada.walk(&format!("/v1/containers/{other}/checkpoints")).await.is_empty());
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
    let _ = ada.get(&format!("/v1/containers/{}/checkpoints", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().get(&path).await.expect_problem(401, "unauthenticated");
    let reply = ada.get(&format!("{path}?cursor=7")).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/cursor"]);
}
