//! POST /v1/artifacts/{id}/undelete

use harness::{Person, database, json, pictures};
use uuid::Uuid;

#[tokio::test]
async fn everything_comes_back() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "one\n").await;
    let path = format!("/v1/artifacts/{}", artifact.id());
    let _ = ada.publish(&artifact.id(), "two\n").await;
    let media = json!({"screenshot": ada.upload("screenshot", "image/png", &pictures::png(9, 9)).await.id()});
    let _ = ada.send_with("PUT", &format!("{path}/media"), &[("if-match", "*")], media).await.expect(200);
    let _ = bob.put(&format!("{path}/like"), json!({})).await.expect(200);
    let _ = bob.post(&format!("{path}/comments"), json!({"body": "It ticks!"})).await.expect(201);
    let _ = bob.post(&format!("{path}/imports"), json!({})).await.expect(201);
    let fork = bob.post(&format!("{path}/forks"), json!({"visibility": "public"})).await.expect(201);
    let below = ["/versions", "/versions/1", "/media", "/likes", "/comments", "/forks", "/tree"];
    let mut before = vec![bob.get(&format!("/v1/artifacts/{}", fork.id())).await.expect(200).json];
    for below in below {
        before.push(bob.get(&format!("{path}{below}")).await.expect(200).json);
    }
    let mut shown = bob.get(&path).await.expect(200).json;

    let _ = ada.delete(&path).await.expect(204);
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
    let _ = bob.post(&format!("{path}/undelete"), json!({})).await.expect_problem(404, "not_found");
    let restored = ada.post(&format!("{path}/undelete"), json!({})).await.expect(200);
    assert_eq!((&restored.json["deleted_at"], &restored.json["likes_count"]), (&json!(null), &json!(1)));
    assert_eq!(restored.etag(), ada.get(&path).await.expect(200).etag());

    let mut after = vec![bob.get(&format!("/v1/artifacts/{}", fork.id())).await.expect(200).json];
    for below in below {
        after.push(bob.get(&format!("{path}{below}")).await.expect(200).json);
    }
    assert_eq!(after, before);
    let now = bob.get(&path).await.expect(200).json;
    shown["updated_at"] = now["updated_at"].clone();
    assert_eq!(now, shown);
    assert!(ada.walk("/v1/artifacts?trashed=true").await.is_empty());
    assert_eq!(ada.walk("/v1/artifacts?owner=me").await.len(), 1);
}

#[tokio::test]
async fn what_is_not_in_the_trash_stays_as_it_is() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("private", "draw();\n").await;
    let reply = ada.post(&format!("/v1/artifacts/{}/undelete", artifact.id()), json!({})).await.expect(200);
    assert_eq!((reply.json.clone(), reply.etag()), (artifact.json.clone(), artifact.etag()));
}

#[tokio::test]
async fn only_its_owner_can() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    for visibility in ["public", "private"] {
        let path = format!("/v1/artifacts/{}", ada.create_artifact(visibility, "draw();\n").await.id());
        let undelete = format!("{path}/undelete");
        let _ = bob.post(&undelete, json!({})).await.expect_problem(404, "not_found");
        let _ = ada.delete(&path).await.expect(204);
        let _ = bob.post(&undelete, json!({})).await.expect_problem(404, "not_found");
        let _ = Person::anonymous().post(&undelete, json!({})).await.expect_problem(401, "unauthenticated");
        assert_eq!(ada.walk("/v1/artifacts?owner=me").await.len(), 0);
    }
    let nowhere = format!("/v1/artifacts/{}/undelete", Uuid::now_v7());
    let _ = ada.post(&nowhere, json!({})).await.expect_problem(404, "not_found");
    let path = format!(
        "/v1/artifacts/{}/undelete",
        ada.walk("/v1/artifacts?trashed=true").await[0]["id"].as_str().expect("an id")
    );
    ada.expect_strict("POST", &path, json!({})).await;
}

#[tokio::test]
async fn what_was_removed_for_good_does_not_come_back() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("private", "draw();\n").await;
    let path = format!("/v1/artifacts/{}", artifact.id());
    let _ = ada.delete(&path).await.expect(204);
    let behind = database::behind().await;
    let age = "update artifacts set deleted_at = now() - interval '31 days' where id = $1::text::uuid";
    behind.execute(age, &[&artifact.id()]).await.expect("aged");
    let swept = "select sweep_artifacts('30 days', 100)";
    assert!(database::number(swept, &[]).await >= 1);
    let _ = ada.post(&format!("{path}/undelete"), json!({})).await.expect_problem(404, "not_found");
}
