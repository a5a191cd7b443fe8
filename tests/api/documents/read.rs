//! GET /v1/documents/{id}

use harness::{Person, Reply, Value, database, json};
use uuid::Uuid;

#[tokio::test]
async fn a_document_is_read_as_it_was_made() {
    let ada = Person::register().await;
    let documents = format!("/v1/projects/{}/documents", ada.create_project().await.id());
    let upload = ada.upload("document", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let made = ada.post(&documents, json!({"upload": upload})).await.expect(201);
    let path = format!("/v1/documents/{}", made.id());
    let read = ada.get(&path).await.expect(200);
    assert_eq!((&read.json, read.etag()), (&made.json, made.etag()));
    let _ = Reply::to(ada.request("GET", &path).header("if-none-match", read.etag())).await.expect(304);
}

/// As an import leaves it where its source names no project and has no bytes.
#[tokio::test]
async fn one_without_a_project_is_its_owners_too() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let insert = "insert into documents (user_id, filename) values ($1::text::uuid, 'old.txt') returning id::text";
    let id: String = database::behind().await.query_one(insert, &[&ada.id()]).await.expect("it is stored").get(0);
    let path = format!("/v1/documents/{id}");
    let read = ada.get(&path).await.expect(200);
    assert_eq!((&read.json["project_id"], &read.json["blob"]), (&Value::Null, &Value::Null));
    let _ = bob.delete(&path).await.expect_problem(404, "not_found");
    let _ = ada.delete(&path).await.expect(204);
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let documents = format!("/v1/projects/{}/documents", ada.create_project().await.id());
    let upload = ada.upload("document", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let path = format!("/v1/documents/{}", ada.post(&documents, json!({"upload": upload})).await.expect(201).id());
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
    let _ = ada.get(&format!("/v1/documents/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = ada.get("/v1/documents/7").await.expect_problem(400, "malformed");
    let _ = Person::anonymous().get(&path).await.expect_problem(401, "unauthenticated");
}
