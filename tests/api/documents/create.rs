//! POST /v1/projects/{id}/documents

use harness::{Person, Value, json};
use uuid::Uuid;

async fn documents(person: &Person) -> String {
    format!("/v1/projects/{}/documents", person.create_project().await.id())
}

#[tokio::test]
async fn a_document_comes_of_an_upload() {
    let ada = Person::register().await;
    let path = documents(&ada).await;
    let bytes = Uuid::new_v4();
    let upload = ada.upload("document", "application/pdf", bytes.as_bytes()).await.id();
    let made = ada.post(&path, json!({"upload": upload})).await.expect(201);
    assert_eq!(made.header("location"), format!("/v1/documents/{}", made.id()));
    assert!(path.contains(made.json["project_id"].as_str().expect("an id")));
    assert_eq!((&made.json["filename"], &made.json["content_type"]), (&json!("file.bin"), &json!("application/pdf")));
    let fetched = ada.fetch(&made.json["blob"]["url"]).await.expect(200);
    assert_eq!(
        (fetched.bytes.as_slice(), fetched.header("content-disposition")),
        (&bytes.as_bytes()[..], "attachment")
    );
    let named = ada.post(&path, json!({"upload": upload, "filename": "brief.pdf"})).await.expect(201);
    assert_eq!(named.json["filename"], "brief.pdf");
    assert_eq!(ada.walk(&path).await, [named.json, made.json]);
}

#[tokio::test]
async fn the_upload_is_ones_own_complete_and_a_document() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = documents(&ada).await;
    let theirs = bob.upload("document", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let pending = ada.declare("document", "text/plain", Uuid::new_v4().as_bytes()).await.expect(201).id();
    let other = ada.upload("attachment", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    for upload in [theirs, pending, other, Uuid::now_v7().to_string()] {
        let reply = ada.post(&path, json!({"upload": upload})).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), ["/upload"]);
    }
    assert!(ada.walk(&path).await.is_empty());
}

#[tokio::test]
async fn only_an_active_project_gets_documents() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let project = ada.create_project().await.id();
    let path = format!("/v1/projects/{project}/documents");
    let upload = bob.upload("document", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    for path in [&path, &format!("/v1/projects/{}/documents", Uuid::now_v7())] {
        let _ = bob.post(path, json!({"upload": upload})).await.expect_problem(404, "not_found");
    }
    ada.make_project(&project, "archived").await;
    let upload = ada.upload("document", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let _ = ada.post(&path, json!({"upload": upload})).await.expect_problem(409, "archived");
    assert!(ada.walk(&path).await.is_empty());
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let path = documents(&ada).await;
    let whole = json!({"upload": Uuid::now_v7()});
    ada.expect_strict("POST", &path, whole.clone()).await;
    let wrong = [
        ("/upload", Value::Null),
        ("/upload", json!("7")),
        ("/filename", json!("")),
        ("/filename", json!("a\u{0}")),
        ("/filename", json!("x".repeat(256))),
        ("/content_type", json!("text/html")),
    ];
    ada.expect_invalid("POST", &path, &whole, &wrong).await;
    let _ = ada.post(&path, json!({})).await.expect_problem(422, "invalid");
    assert!(ada.walk(&path).await.is_empty());
}
