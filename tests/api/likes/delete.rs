//! DELETE /v1/artifacts/{id}/like

use harness::{Person, json};
use uuid::Uuid;

#[tokio::test]
async fn a_like_is_taken_back_however_often_it_is_asked() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/artifacts/{}", ada.create_artifact("public", "draw();\n").await.id());
    for person in [&ada, &bob] {
        let _ = person.put(&format!("{path}/like"), json!({})).await.expect(200);
    }
    for _ in 0..2 {
        let reply = bob.delete(&format!("{path}/like")).await.expect(200);
        assert_eq!(reply.json, json!({"liked": false, "likes_count": 1}));
    }
    assert_eq!(bob.get(&path).await.expect(200).json["liked"], false);
    assert_eq!(ada.get(&path).await.expect(200).json["liked"], true);
    assert_eq!(bob.put(&format!("{path}/like"), json!({})).await.expect(200).json["likes_count"], 2);
}

#[tokio::test]
async fn what_cannot_be_seen_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("private", "draw();\n").await;
    let path = format!("/v1/artifacts/{}/like", artifact.id());
    let _ = bob.delete(&path).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().delete(&path).await.expect_problem(401, "unauthenticated");
    let nowhere = format!("/v1/artifacts/{}/like", Uuid::now_v7());
    let _ = ada.delete(&nowhere).await.expect_problem(404, "not_found");
    let _ = ada.delete("/v1/artifacts/7/like").await.expect_problem(400, "malformed");
}
