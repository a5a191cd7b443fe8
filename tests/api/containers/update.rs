//! PATCH /v1/containers/{id}

use harness::{Person, Value, json};
use uuid::Uuid;

#[tokio::test]
async fn what_is_sent_changes_and_the_rest_stays() {
    let ada = Person::register().await;
    let made = ada.create_container().await;
    let (path, mut etag, mut expected) = (made.header("location").to_owned(), made.etag(), made.json);
    for (field, value) in [
        ("name", json!("The sandbox")),
        ("image_name", json!("node:22")),
        ("url", json!("http://127.0.0.1:3000")),
        ("labels", json!({"tier": "paid"})),
        ("metadata", json!({"a": 1})),
        ("image_name", Value::Null),
        ("url", Value::Null),
        ("labels", json!({})),
    ] {
        let changed = ada.patch(&path, &etag, json!({field: value})).await.expect(200);
        assert_ne!(changed.etag(), etag, "{field}");
        etag = changed.etag();
        expected[field] = value;
        expected["updated_at"] = changed.json["updated_at"].clone();
        assert_eq!(changed.json, expected, "{field}");
        assert_eq!(ada.get(&path).await.expect(200).json, expected, "{field}");
    }
}

#[tokio::test]
async fn a_change_names_what_it_is_a_change_of() {
    let ada = Person::register().await;
    let made = ada.create_container().await;
    let path = made.header("location");
    let change = json!({"name": "The sandbox"});
    let _ = ada.send_with("PATCH", path, &[], change.clone()).await.expect_problem(428, "precondition_required");
    let _ = ada.patch(path, "\"0-0\"", change.clone()).await.expect_problem(412, "stale");
    let _ = ada.patch(path, &made.etag(), change.clone()).await.expect(200);
    let _ = ada.patch(path, &made.etag(), change).await.expect_problem(412, "stale");
    let start = json!({"to": "running"});
    let before = ada.get(path).await.expect(200).etag();
    let _ = ada.post(&format!("{path}/transitions"), start).await.expect(200);
    let _ = ada.patch(path, &before, json!({"name": "x"})).await.expect_problem(412, "stale");
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let made = ada.create_container().await;
    for if_match in [made.etag().as_str(), "*", "\"0\""] {
        let _ = bob
            .patch(made.header("location"), if_match, json!({"name": "Mine"}))
            .await
            .expect_problem(404, "not_found");
    }
    let nowhere = format!("/v1/containers/{}", Uuid::now_v7());
    let _ = bob.patch(&nowhere, "*", json!({})).await.expect_problem(404, "not_found");
    assert_eq!(ada.get(made.header("location")).await.expect(200).etag(), made.etag());
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let made = ada.create_container().await;
    let path = made.header("location");
    ada.expect_strict("PATCH", path, json!({"name": "A sandbox"})).await;
    let wrong = [
        ("/name", json!("")),
        ("/name", Value::Null),
        ("/image_name", json!("")),
        ("/url", json!("ftp://a")),
        ("/labels", Value::Null),
        ("/metadata", json!("a")),
        ("/status", json!("running")),
        ("/container_id", json!("a")),
        ("/assigned_port", json!(3000)),
    ];
    ada.expect_invalid("PATCH", path, &json!({}), &wrong).await;
    assert_eq!(ada.get(path).await.expect(200).etag(), made.etag());
}
