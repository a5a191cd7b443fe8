//! GET /v1/runs/{id}/records

use harness::{Person, Value, json};
use uuid::Uuid;

#[tokio::test]
async fn the_newest_comes_first() {
    let ada = Person::register().await;
    let path = format!("/v1/runs/{}/records", ada.create_run().await.id());
    assert_eq!(ada.get(&path).await.expect(200).json, json!({"items": [], "next_cursor": null}));
    let mut made = Vec::new();
    for index in 0..5 {
        let body = json!({"stage": format!("reviewer_pass_{index}"), "content": {"index": index}});
        made.insert(0, ada.post(&path, body).await.expect(201).json);
    }
    assert_eq!(ada.walk(&format!("{path}?limit=2")).await, made);
}

#[tokio::test]
async fn content_that_would_not_fit_stays_behind() {
    let ada = Person::register().await;
    let path = format!("/v1/runs/{}/records", ada.create_run().await.id());
    for index in 0..6 {
        let body = json!({"stage": format!("reviewer_pass_{index}"), "content": "x".repeat(1_000_000)});
        let _ = ada.post(&path, body).await.expect(201);
    }
    let page = ada.get(&path).await.expect(200);
    let has_content: Vec<bool> =
        page.json["items"].as_array().expect("items").iter().map(|item| item["content"].is_string()).collect();
    assert_eq!(has_content, [true, true, true, true, false, false]);
    assert_eq!(page.json["next_cursor"], Value::Null);
    let left_out = page.json["items"][5]["id"].as_str().expect("an id");
    assert!(ada.get(&format!("/v1/records/{left_out}")).await.expect(200).json["content"].is_string());
}

#[tokio::test]
async fn someone_elses_run_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/runs/{}/records", ada.create_run().await.id());
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
    let _ = bob.get(&format!("/v1/runs/{}/records", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = bob.get("/v1/runs/7/records").await.expect_problem(400, "malformed");
    let _ = Person::anonymous().get(&path).await.expect_problem(401, "unauthenticated");
    for (query, pointer) in [("limit=0", "/query/limit"), ("cursor=7", "/query/cursor"), ("stage=a", "/query/stage")] {
        let reply = ada.get(&format!("{path}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
}
