//! GET /v1/comments/{id}

use harness::{Person, json};
use uuid::Uuid;

#[tokio::test]
async fn whoever_sees_the_artifact_sees_its_comments() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = format!("/v1/artifacts/{}", ada.create_artifact("public", "draw();\n").await.id());
    let comment = bob.post(&format!("{artifact}/comments"), json!({"body": "It ticks!"})).await.expect(201);
    let path = format!("/v1/comments/{}", comment.id());
    for person in [&ada, &bob, &Person::anonymous()] {
        let reply = person.get(&path).await.expect(200);
        assert_eq!((&reply.json, reply.etag()), (&comment.json, comment.etag()));
        let _ = person.send_with("GET", &path, &[("if-none-match", &reply.etag())], json!({})).await.expect(304);
    }
    let _ = ada.patch(&artifact, "*", json!({"visibility": "private"})).await.expect(200);
    for person in [&bob, &Person::anonymous()] {
        let _ = person.get(&path).await.expect_problem(404, "not_found");
    }
    let _ = ada.get(&path).await.expect(200);
    let _ = ada.get(&format!("/v1/comments/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = ada.get("/v1/comments/7").await.expect_problem(400, "malformed");
    let _ = ada.delete(&artifact).await.expect(204);
    let _ = ada.get(&path).await.expect_problem(404, "not_found");
}
