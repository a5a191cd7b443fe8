//! DELETE /v1/documents/{id}

use harness::{Person, json};
use uuid::Uuid;

#[tokio::test]
async fn a_document_goes_and_its_bytes_can_be_given_again() {
    let ada = Person::register().await;
    let documents = format!("/v1/projects/{}/documents", ada.create_project().await.id());
    let upload = ada.upload("document", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let path = format!("/v1/documents/{}", ada.post(&documents, json!({"upload": upload})).await.expect(201).id());
    let _ = ada.delete(&path).await.expect(204);
    let _ = ada.get(&path).await.expect_problem(404, "not_found");
    let _ = ada.delete(&path).await.expect_problem(404, "not_found");
    assert!(ada.walk(&documents).await.is_empty());
    let again = ada.post(&documents, json!({"upload": upload})).await.expect(201);
    let _ = ada.fetch(&again.json["blob"]["url"]).await.expect(200);
}

#[tokio::test]
async fn an_archived_projects_documents_stay() {
    let ada = Person::register().await;
    let project = ada.create_project().await.id();
    let upload = ada.upload("document", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let documents = format!("/v1/projects/{project}/documents");
    let made = ada.post(&documents, json!({"upload": upload})).await.expect(201);
    let path = format!("/v1/documents/{}", made.id());
    ada.make_project(&project, "archived").await;
    let _ = ada.delete(&path).await.expect_problem(409, "archived");
    assert_eq!(ada.get(&path).await.expect(200).json, made.json);
}

#[tokio::test]
async fn someone_elses_stays() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let documents = format!("/v1/projects/{}/documents", ada.create_project().await.id());
    let upload = ada.upload("document", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let path = format!("/v1/documents/{}", ada.post(&documents, json!({"upload": upload})).await.expect(201).id());
    let _ = bob.delete(&path).await.expect_problem(404, "not_found");
    let _ = ada.delete(&format!("/v1/documents/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = ada.delete("/v1/documents/7").await.expect_problem(400, "malformed");
    let _ = Person::anonymous().delete(&path).await.expect_problem(401, "unauthenticated");
    let _ = ada.get(&path).await.expect(200);
}
