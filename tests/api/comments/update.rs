//! PATCH /v1/comments/{id}

use harness::{Person, json};

#[tokio::test]
async fn its_author_can_word_it_differently() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = format!("/v1/artifacts/{}", ada.create_artifact("public", "draw();\n").await.id());
    let comment = bob.post(&format!("{artifact}/comments"), json!({"body": "It ticks!"})).await.expect(201);
    let path = format!("/v1/comments/{}", comment.id());
    let changed = bob.patch(&path, &comment.etag(), json!({"body": "It chimes!"})).await.expect(200);
    assert_eq!(changed.json["body"], "It chimes!");
    assert_ne!(changed.json["updated_at"], comment.json["updated_at"]);
    let _ = bob.patch(&path, &comment.etag(), json!({"body": "It rings!"})).await.expect_problem(412, "stale");
    assert_eq!(bob.get(&path).await.expect(200).json, changed.json);
    let reply = bob.send_with("PATCH", &path, &[], json!({"body": "x"})).await;
    let _ = reply.expect_problem(428, "precondition_required");
    bob.expect_strict("PATCH", &path, json!({"body": "It ticks!"})).await;
    let wrong =
        [("/body", json!("")), ("/body", json!(1)), ("/body", json!("x".repeat(10_001))), ("/body", json!("\u{0}"))];
    bob.expect_invalid("PATCH", &path, &json!({"body": "It ticks!"}), &wrong).await;
}

#[tokio::test]
async fn nobody_else_can_nor_once_it_is_out_of_sight() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = format!("/v1/artifacts/{}", ada.create_artifact("public", "draw();\n").await.id());
    let comments = format!("{artifact}/comments");
    let comment = bob.post(&comments, json!({"body": "It ticks!"})).await.expect(201);
    let path = format!("/v1/comments/{}", comment.id());
    for if_match in ["*", "\"999-0\""] {
        let _ = ada.patch(&path, if_match, json!({"body": "Mine"})).await.expect_problem(404, "not_found");
    }
    let _ = ada.patch(&artifact, "*", json!({"visibility": "private"})).await.expect(200);
    let _ = bob.patch(&path, "*", json!({"body": "Still"})).await.expect_problem(404, "not_found");
    let _ = ada.patch(&artifact, "*", json!({"visibility": "public"})).await.expect(200);
    let _ = ada.post(&comments, json!({"body": "Yes.", "parent_id": comment.id()})).await.expect(201);
    let _ = bob.delete(&path).await.expect(204);
    let _ = bob.patch(&path, "*", json!({"body": "Back"})).await.expect_problem(404, "not_found");
}
