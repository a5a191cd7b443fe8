//! GET /v1/files/{id}

use harness::{Person, json};
use uuid::Uuid;

#[tokio::test]
async fn a_file_is_read_as_it_is_and_as_it_was() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let container = ada.create_container().await.id();
    let first = ada.put_file(&container, "clock.js", "one").await;
    let path = format!("/v1/files/{}", first.id());
    let second = ada.put_file(&container, "clock.js", "second").await;
    let read = ada.get(&path).await.expect(200);
    assert_eq!((&read.json, read.etag()), (&second.json, second.etag()));
    let _ = ada.send_with("GET", &path, &[("if-none-match", &read.etag())], json!({})).await.expect(304);
    let history = ada.walk(&format!("{path}/history")).await;
    for (version, text) in history.iter().zip(["second", "one"]) {
        let url = format!("{path}?version={}", version["id"].as_str().expect("an id"));
        let file = ada.get(&url).await.expect(200);
        assert_eq!((&file.json["content"], &file.json["file_size"]), (&json!(text), &json!(text.len())));
        assert_eq!(file.json["blob"]["sha256"], version["blob"]["sha256"]);
        let _ = bob.get(&url).await.expect_problem(404, "not_found");
        let other = ada.put_file(&container, "other.js", "x").await.id();
        let crossed = format!("/v1/files/{other}?version={}", version["id"].as_str().expect("an id"));
        let _ = ada.get(&crossed).await.expect_problem(404, "not_found");
    }
    let _ = ada.get(&format!("{path}?version={}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let reply = ada.get(&format!("{path}?version=1")).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/version"]);
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let container = ada.create_container().await.id();
    let path = format!("/v1/files/{}", ada.put_file(&container, "clock.js", "one").await.id());
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().get(&path).await.expect_problem(401, "unauthenticated");
    let _ = ada.get(&format!("/v1/files/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
}
