//! DELETE /v1/files/{id}

use harness::{Person, database::number};
use uuid::Uuid;

#[tokio::test]
async fn a_file_is_gone_but_kept() {
    let ada = Person::register().await;
    let container = ada.create_container().await.id();
    let id = ada.put_file(&container, "clock.js", "one").await.id();
    let path = format!("/v1/files/{id}");
    let _ = ada.delete(&path).await.expect(204);
    let _ = ada.get(&path).await.expect_problem(404, "not_found");
    let _ = ada.get(&format!("{path}/history")).await.expect_problem(404, "not_found");
    let _ = ada.delete(&path).await.expect_problem(404, "not_found");
    assert!(ada.walk(&format!("/v1/containers/{container}/files")).await.is_empty());
    let kept = "select count(*) from files where id = $1::text::uuid and is_deleted and blob_id is not null";
    assert_eq!(number(kept, &[&id]).await, 1);
}

#[tokio::test]
async fn someone_elses_file_stays() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let container = ada.create_container().await.id();
    let path = format!("/v1/files/{}", ada.put_file(&container, "clock.js", "one").await.id());
    let _ = bob.delete(&path).await.expect_problem(404, "not_found");
    let _ = bob.delete(&format!("/v1/files/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = bob.delete("/v1/files/7").await.expect_problem(400, "malformed");
    let _ = Person::anonymous().delete(&path).await.expect_problem(401, "unauthenticated");
    let _ = ada.get(&path).await.expect(200);
}
