//! DELETE /v1/projects/{id}

use harness::{Person, json};
use uuid::Uuid;

/// Hidden at once with all that is in it, and brought back as it was.
#[tokio::test]
async fn a_deleted_project_is_hidden_with_all_that_is_in_it() {
    let ada = Person::register().await;
    let run = ada.create_run().await;
    let project = run.json["project_id"].as_str().expect("an id").to_owned();
    let record = ada.post(&format!("/v1/runs/{}/records", run.id()), json!({"stage": "requirements"})).await;
    let upload = ada.upload("document", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let documents = format!("/v1/projects/{project}/documents");
    let document = ada.post(&documents, json!({"upload": upload})).await.expect(201);
    let inside = [
        format!("/v1/projects/{project}"),
        format!("/v1/projects/{project}/runs"),
        format!("/v1/runs/{}", run.id()),
        format!("/v1/runs/{}/records", run.id()),
        format!("/v1/records/{}", record.expect(201).id()),
        documents.clone(),
        format!("/v1/documents/{}", document.id()),
    ];
    let mut before = Vec::new();
    for path in &inside[1..] {
        before.push(ada.get(path).await.expect(200).json);
    }
    let _ = ada.delete(&inside[0]).await.expect(204);
    for path in &inside {
        let _ = ada.get(path).await.expect_problem(404, "not_found");
    }
    let _ = ada.delete(&inside[0]).await.expect_problem(404, "not_found");
    let _ = ada.delete(&inside[6]).await.expect_problem(404, "not_found");
    for (path, body) in [
        (format!("{}/runs", inside[0]), json!({"prompt": "A clock"})),
        (format!("{}/transitions", inside[2]), json!({"to": "requirements"})),
        (format!("{}/transitions", inside[2]), json!({"to": "completed"})),
        (inside[3].clone(), json!({"stage": "requirements"})),
        (documents, json!({"upload": upload})),
    ] {
        let _ = ada.post(&path, body).await.expect_problem(404, "not_found");
    }
    assert!(ada.walk("/v1/projects").await.is_empty());
    assert_eq!(ada.walk("/v1/projects?status=deleted").await.len(), 1);
    ada.make_project(&project, "active").await;
    for (path, before) in inside[1..].iter().zip(before) {
        assert_eq!(ada.get(path).await.expect(200).json, before, "{path}");
    }
}

#[tokio::test]
async fn an_archived_one_can_be_deleted() {
    let ada = Person::register().await;
    let project = ada.create_project().await.id();
    ada.make_project(&project, "archived").await;
    ada.make_project(&project, "deleted").await;
    assert!(ada.walk("/v1/projects?status=archived").await.is_empty());
}

#[tokio::test]
async fn someone_elses_stays() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/projects/{}", ada.create_project().await.id());
    let _ = bob.delete(&path).await.expect_problem(404, "not_found");
    let _ = ada.delete(&format!("/v1/projects/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = ada.delete("/v1/projects/7").await.expect_problem(400, "malformed");
    let _ = Person::anonymous().delete(&path).await.expect_problem(401, "unauthenticated");
    let _ = ada.get(&path).await.expect(200);
}
