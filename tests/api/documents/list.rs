//! GET /v1/projects/{id}/documents

use harness::{Person, json};
use uuid::Uuid;

#[tokio::test]
async fn the_newest_comes_first() {
    let ada = Person::register().await;
    let path = format!("/v1/projects/{}/documents", ada.create_project().await.id());
    assert_eq!(ada.get(&path).await.expect(200).json, json!({"items": [], "next_cursor": null}));
    let upload = ada.upload("document", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let mut made = Vec::new();
    for index in 0..5 {
        let body = json!({"upload": upload, "filename": format!("{index}.txt")});
        made.insert(0, ada.post(&path, body).await.expect(201).json);
    }
    assert_eq!(ada.walk(&format!("{path}?limit=2")).await, made);
}

#[tokio::test]
async fn someone_elses_project_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/projects/{}/documents", ada.create_project().await.id());
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
    let _ = bob.get(&format!("/v1/projects/{}/documents", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = bob.get("/v1/projects/7/documents").await.expect_problem(400, "malformed");
    let _ = Person::anonymous().get(&path).await.expect_problem(401, "unauthenticated");
    for (query, pointer) in [("limit=0", "/query/limit"), ("cursor=7", "/query/cursor"), ("name=a", "/query/name")] {
        let reply = ada.get(&format!("{path}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
}
