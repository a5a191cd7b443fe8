//! GET /v1/artifacts/{id}/versions

use harness::{Person, Value, database, json};
use uuid::Uuid;

fn indexes(items: &[Value]) -> Vec<i64> {
    items.iter().map(|item| item["version_index"].as_i64().expect("a number")).collect()
}

#[tokio::test]
async fn versions_are_listed_without_their_files() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "one\n").await;
    let path = format!("/v1/artifacts/{}/versions", artifact.id());
    let body = json!({"label": "two", "chat": ["said"], "files": [{"path": "a", "content": "a"}]});
    let second = ada.post_with(&path, &[("if-match", "*")], body).await.expect(201);
    for person in [&ada, &bob, &Person::anonymous()] {
        let items = person.walk(&path).await;
        assert_eq!(indexes(&items), [2, 1]);
        let mut expected = second.json.clone();
        for left_out in ["files", "chat", "code_blob_ref"] {
            expected.as_object_mut().expect("an object").remove(left_out);
            assert!(items[0].get(left_out).is_none());
        }
        assert_eq!(items[0], expected);
        assert_eq!(items[1]["id"], artifact.json["current_version_id"]);
    }
}

#[tokio::test]
async fn pages_visit_each_version_once_while_others_arrive() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("private", "0\n").await;
    for index in 1..5 {
        let _ = ada.publish(&artifact.id(), &format!("{index}\n")).await;
    }
    let path = format!("/v1/artifacts/{}/versions", artifact.id());
    let (mut visited, mut next) = (Vec::new(), Some(String::new()));
    while let Some(cursor) = next {
        let page = ada.get(&format!("{path}?limit=2{cursor}")).await.expect(200);
        visited.extend(page.json["items"].as_array().expect("items").iter().cloned());
        next = page.json["next_cursor"].as_str().map(|cursor| format!("&cursor={cursor}"));
        let _ = ada.publish(&artifact.id(), "late\n").await;
    }
    assert_eq!(indexes(&visited), [5, 4, 3, 2, 1]);
}

/// Indexes say in which order versions came, whatever the clock said.
#[tokio::test]
async fn versions_are_listed_by_index() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("private", "1\n").await;
    for index in 2..=5 {
        let _ = ada.publish(&artifact.id(), &format!("{index}\n")).await;
    }
    let earlier = "update artifact_versions set created_at = created_at - version_index * interval '1 hour'
        where artifact_id = $1::text::uuid";
    assert_eq!(database::behind().await.execute(earlier, &[&artifact.id()]).await.expect("updates"), 5);
    let path = format!("/v1/artifacts/{}/versions?limit=2", artifact.id());
    assert_eq!(indexes(&ada.walk(&path).await), [5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn earlier_versions_can_be_kept_to_oneself() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "one\n").await;
    let _ = ada.publish(&artifact.id(), "two\n").await;
    let path = format!("/v1/artifacts/{}", artifact.id());
    let _ = ada.patch(&path, "*", json!({"versioning_enabled": false})).await.expect(200);
    let versions = format!("{path}/versions");
    for person in [&bob, &Person::anonymous()] {
        assert_eq!(indexes(&person.walk(&versions).await), [2]);
    }
    assert_eq!(indexes(&ada.walk(&versions).await), [2, 1]);
    let _ = ada.patch(&path, "*", json!({"versioning_enabled": true})).await.expect(200);
    assert_eq!(indexes(&bob.walk(&versions).await), [2, 1]);
}

#[tokio::test]
async fn versions_of_what_cannot_be_seen_are_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/artifacts/{}/versions", ada.create_artifact("private", "one\n").await.id());
    for person in [&bob, &Person::anonymous()] {
        let _ = person.get(&path).await.expect_problem(404, "not_found");
    }
    let _ = bob.get(&format!("/v1/artifacts/{}/versions", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = bob.get("/v1/artifacts/7/versions").await.expect_problem(400, "malformed");
    for (query, pointer) in
        [("limit=101", "/query/limit"), ("cursor=7", "/query/cursor"), ("version=1", "/query/version")]
    {
        let reply = ada.get(&format!("{path}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
}

#[tokio::test]
async fn what_is_in_the_trash_is_not_found() {
    let ada = Person::register().await;
    let path = ada.create_trashed_artifact().await;
    for person in [&ada, &Person::anonymous()] {
        let _ = person.get(&format!("{path}/versions")).await.expect_problem(404, "not_found");
    }
}
