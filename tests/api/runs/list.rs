//! GET /v1/projects/{id}/runs

use harness::{Person, json};
use uuid::Uuid;

#[tokio::test]
async fn the_newest_comes_first() {
    let ada = Person::register().await;
    let path = format!("/v1/projects/{}/runs", ada.create_project().await.id());
    assert_eq!(ada.get(&path).await.expect(200).json, json!({"items": [], "next_cursor": null}));
    let _ = ada.create_run().await;
    let mut made = Vec::new();
    for index in 0..5 {
        made.insert(0, ada.post(&path, json!({"prompt": index.to_string()})).await.expect(201).json);
    }
    assert_eq!(ada.walk(&format!("{path}?limit=2")).await, made);
    assert_eq!(ada.walk(&path).await, made);
}

#[tokio::test]
async fn someone_elses_project_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let run = ada.create_run().await;
    let path = format!("/v1/projects/{}/runs", run.json["project_id"].as_str().expect("an id"));
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
    let _ = bob.get(&format!("/v1/projects/{}/runs", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = bob.get("/v1/projects/7/runs").await.expect_problem(400, "malformed");
    let _ = Person::anonymous().get(&path).await.expect_problem(401, "unauthenticated");
    for (query, pointer) in [("limit=0", "/query/limit"), ("cursor=7", "/query/cursor"), ("status=a", "/query/status")]
    {
        let reply = ada.get(&format!("{path}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
}
