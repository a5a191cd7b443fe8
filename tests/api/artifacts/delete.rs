//! DELETE /v1/artifacts/{id}

use harness::{Person, database, json};
use uuid::Uuid;

#[tokio::test]
async fn it_is_gone_for_everyone() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "draw();\n").await;
    let path = format!("/v1/artifacts/{}", artifact.id());
    let reply = ada.delete(&path).await.expect(204);
    assert!(reply.bytes.is_empty());
    for person in [&ada, &bob, &Person::anonymous()] {
        for below in [
            "",
            "/versions",
            "/versions/1",
            "/versions/1/files/clock.js",
            "/media",
            "/forks",
            "/tree",
            "/lineage",
            "/likes",
            "/comments",
        ] {
            let _ = person.get(&format!("{path}{below}")).await.expect_problem(404, "not_found");
        }
    }
    let _ = ada.delete(&path).await.expect_problem(404, "not_found");
    let _ = ada.patch(&path, "*", json!({"title": "Back"})).await.expect_problem(404, "not_found");
    let version = json!({"files": [{"path": "a", "content": "a"}]});
    let published = ada.post_with(&format!("{path}/versions"), &[("if-match", "*")], version).await;
    let _ = published.expect_problem(404, "not_found");
    let picture = ada.upload("screenshot", "image/png", &harness::pictures::png(8, 8)).await.id();
    let media = json!({ "screenshot": picture });
    let _ = ada
        .send_with("PUT", &format!("{path}/media"), &[("if-match", "*")], media)
        .await
        .expect_problem(404, "not_found");
    for person in [&ada, &bob] {
        for below in ["forks", "imports"] {
            let _ = person.post(&format!("{path}/{below}"), json!({})).await.expect_problem(404, "not_found");
        }
        let comment = json!({"body": "Gone?"});
        let _ = person.post(&format!("{path}/comments"), comment).await.expect_problem(404, "not_found");
        let _ = person.put(&format!("{path}/like"), json!({})).await.expect_problem(404, "not_found");
        let _ = person.delete(&format!("{path}/like")).await.expect_problem(404, "not_found");
    }
    assert!(ada.walk("/v1/artifacts?owner=me").await.is_empty());
    assert!(bob.walk(&format!("/v1/artifacts?owner={}", ada.handle())).await.is_empty());
    let kept = "select count(*) from artifacts where id = $1::text::uuid and deleted_at is not null";
    assert_eq!(database::number(kept, &[&artifact.id()]).await, 1);
}

#[tokio::test]
async fn only_its_owner_can() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    for visibility in ["public", "private"] {
        let path = format!("/v1/artifacts/{}", ada.create_artifact(visibility, "draw();\n").await.id());
        let _ = bob.delete(&path).await.expect_problem(404, "not_found");
        let _ = Person::anonymous().delete(&path).await.expect_problem(401, "unauthenticated");
        let _ = ada.get(&path).await.expect(200);
    }
    let _ = ada.delete(&format!("/v1/artifacts/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = ada.delete("/v1/artifacts/x").await.expect_problem(400, "malformed");
}
