//! GET /v1/projects/{id}

use harness::{Person, Reply};
use uuid::Uuid;

#[tokio::test]
async fn a_project_is_read_as_it_was_made() {
    let ada = Person::register().await;
    let made = ada.create_project().await;
    let path = format!("/v1/projects/{}", made.id());
    let read = ada.get(&path).await.expect(200);
    assert_eq!((&read.json, read.etag()), (&made.json, made.etag()));
    let _ = Reply::to(ada.request("GET", &path).header("if-none-match", read.etag())).await.expect(304);
}

#[tokio::test]
async fn an_archived_one_is_read_and_a_deleted_one_is_not() {
    let ada = Person::register().await;
    let id = ada.create_project().await.id();
    let path = format!("/v1/projects/{id}");
    ada.make_project(&id, "archived").await;
    assert_eq!(ada.get(&path).await.expect(200).json["status"], "archived");
    ada.make_project(&id, "deleted").await;
    let _ = ada.get(&path).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/projects/{}", ada.create_project().await.id());
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
    let _ = ada.get(&format!("/v1/projects/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = ada.get("/v1/projects/7").await.expect_problem(400, "malformed");
    let _ = Person::anonymous().get(&path).await.expect_problem(401, "unauthenticated");
}
