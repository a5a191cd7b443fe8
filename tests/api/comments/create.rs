//! POST /v1/artifacts/{id}/comments

use harness::{Person, json};
use uuid::Uuid;

#[tokio::test]
async fn a_comment_and_its_answer() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "draw();\n").await;
    let path = format!("/v1/artifacts/{}", artifact.id());
    let comments = format!("{path}/comments");
    let text = "It ticks! <b>💣</b>\n";
    let comment = bob.post(&comments, json!({"body": text})).await.expect(201);
    assert_eq!((&comment.json["body"], &comment.json["parent_id"]), (&json!(text), &json!(null)));
    assert_eq!(comment.json["artifact_id"], artifact.json["id"]);
    assert_eq!(
        (&comment.json["author"]["user_id"], &comment.json["author"]["handle"]),
        (&json!(bob.id()), &json!(bob.handle()))
    );
    assert_eq!((&comment.json["replies_count"], &comment.json["deleted_at"]), (&json!(0), &json!(null)));
    assert_eq!(comment.header("location"), format!("/v1/comments/{}", comment.id()));
    let answer = ada.post(&comments, json!({"body": "It does.", "parent_id": comment.id()})).await.expect(201);
    assert_eq!(answer.json["parent_id"], comment.json["id"]);
    let read = ada.get(&format!("/v1/comments/{}", comment.id())).await.expect(200);
    assert_eq!(read.json["replies_count"], 1);
    assert_eq!(ada.get(&path).await.expect(200).json["comments_count"], 2);
}

#[tokio::test]
async fn what_cannot_be_seen_cannot_be_commented_on() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/artifacts/{}/comments", ada.create_artifact("private", "draw();\n").await.id());
    let body = json!({"body": "It ticks!"});
    let _ = bob.post(&path, body.clone()).await.expect_problem(404, "not_found");
    let _ = ada.post(&path, body.clone()).await.expect(201);
    let nowhere = format!("/v1/artifacts/{}/comments", Uuid::now_v7());
    let _ = ada.post(&nowhere, body.clone()).await.expect_problem(404, "not_found");
    let answer = json!({"body": "It ticks!", "parent_id": Uuid::now_v7()});
    let _ = bob.post(&path, answer).await.expect_problem(404, "not_found");
    ada.expect_strict("POST", &path, body.clone()).await;
    let _ = ada.delete(path.trim_end_matches("/comments")).await.expect(204);
    let _ = ada.post(&path, body).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let path = format!("/v1/artifacts/{}/comments", ada.create_artifact("public", "draw();\n").await.id());
    let wrong = [
        ("/body", json!("")),
        ("/body", json!(null)),
        ("/body", json!("\u{0}")),
        ("/body", json!("x".repeat(10_001))),
        ("/parent_id", json!("x")),
        ("/parent_id", json!(1)),
    ];
    ada.expect_invalid("POST", &path, &json!({"body": "It ticks!"}), &wrong).await;
    let longest = json!({"body": "💣".repeat(10_000), "parent_id": null});
    let _ = ada.post(&path, longest).await.expect(201);
    let elsewhere = format!("/v1/artifacts/{}/comments", ada.create_artifact("public", "draw();\n").await.id());
    let other = ada.post(&elsewhere, json!({"body": "Elsewhere"})).await.expect(201).id();
    for parent_id in [other, Uuid::now_v7().to_string()] {
        let answer = json!({"body": "Where?", "parent_id": parent_id});
        assert_eq!(ada.post(&path, answer).await.expect_problem(422, "invalid_reference").pointers(), ["/parent_id"]);
    }
}

/// Answers do not go so deep that nothing could follow them.
#[tokio::test]
async fn answers_go_100_deep() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("public", "draw();\n").await;
    let path = format!("/v1/artifacts/{}/comments", artifact.id());
    let mut parent_id = json!(null);
    for _ in 0..100 {
        parent_id =
            ada.post(&path, json!({"body": "Why?", "parent_id": parent_id})).await.expect(201).json["id"].clone();
    }
    let reply = ada.post(&path, json!({"body": "Why?", "parent_id": parent_id})).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/parent_id"]);
}
