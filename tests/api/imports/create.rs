//! POST /v1/artifacts/{id}/imports

use harness::{Person, database, json, together};
use uuid::Uuid;

/// A project of a person's, made behind the API.
async fn project(person: &Person) -> String {
    let insert = "insert into projects (owner_id, name) values ($1::text::uuid, 'A clock') returning id::text";
    database::behind().await.query_one(insert, &[&person.id()]).await.expect("a project").get(0)
}

#[tokio::test]
async fn each_user_counts_once() {
    let (ada, bob, eve) = (Person::register().await, Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "draw();\n").await;
    let path = format!("/v1/artifacts/{}", artifact.id());
    let imports = format!("{path}/imports");
    let project_id = project(&bob).await;
    let first = bob.post(&imports, json!({"project_id": project_id})).await.expect(201);
    assert_eq!(first.json["artifact_id"], artifact.json["id"]);
    assert_eq!((&first.json["project_id"], &first.json["imports_count"]), (&json!(project_id), &json!(1)));
    let again = bob.post(&imports, json!({})).await.expect(200);
    assert_eq!(again.json, first.json, "the project stays");
    let other = project(&bob).await;
    let moved = bob.post(&imports, json!({"project_id": other})).await.expect(200);
    assert_eq!((&moved.json["project_id"], &moved.json["created_at"]), (&json!(other), &first.json["created_at"]));
    assert_eq!(eve.post(&imports, json!({"project_id": null})).await.expect(201).json["imports_count"], 2);
    assert_eq!(ada.get(&path).await.expect(200).json["imports_count"], 2);
}

#[tokio::test]
async fn of_many_at_once_one_is_the_first() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/artifacts/{}", ada.create_artifact("public", "draw();\n").await.id());
    let replies = together((0..30).map(|_| {
        let (bob, path) = (bob.clone(), format!("{path}/imports"));
        async move { bob.post(&path, json!({})).await.status }
    }))
    .await;
    assert_eq!(replies.iter().filter(|status| **status == 201).count(), 1, "{replies:?}");
    assert!(replies.iter().all(|status| [200, 201].contains(status)), "{replies:?}");
    assert_eq!(ada.get(&path).await.expect(200).json["imports_count"], 1);
}

#[tokio::test]
async fn what_cannot_be_seen_is_not_found_and_a_project_must_be_ones_own() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let private = format!("/v1/artifacts/{}/imports", ada.create_artifact("private", "draw();\n").await.id());
    let _ = bob.post(&private, json!({})).await.expect_problem(404, "not_found");
    let _ = ada.post(&private, json!({})).await.expect(201);
    let nowhere = format!("/v1/artifacts/{}/imports", Uuid::now_v7());
    let _ = bob.post(&nowhere, json!({})).await.expect_problem(404, "not_found");
    let artifact = ada.create_artifact("public", "draw();\n").await;
    let path = format!("/v1/artifacts/{}/imports", artifact.id());
    let deleted = project(&bob).await;
    let _ = bob.delete(&format!("/v1/projects/{deleted}")).await.expect(204);
    for project_id in [project(&ada).await, deleted, Uuid::now_v7().to_string()] {
        let reply = bob.post(&path, json!({"project_id": project_id})).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), ["/project_id"]);
    }
    assert_eq!(ada.get(&format!("/v1/artifacts/{}", artifact.id())).await.expect(200).json["imports_count"], 0);
    ada.expect_strict("POST", &path, json!({})).await;
    let trashed = ada.create_artifact("public", "draw();\n").await.id();
    let _ = ada.delete(&format!("/v1/artifacts/{trashed}")).await.expect(204);
    for person in [&ada, &bob] {
        let reply = person.post(&format!("/v1/artifacts/{trashed}/imports"), json!({})).await;
        let _ = reply.expect_problem(404, "not_found");
    }
    let wrong = [("/project_id", json!(7)), ("/project_id", json!("x")), ("/project_id", json!(["x"]))];
    ada.expect_invalid("POST", &path, &json!({}), &wrong).await;
}
