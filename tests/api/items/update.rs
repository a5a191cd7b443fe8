//! PATCH /v1/items/{id}

use harness::{Person, Value, json, together};
use uuid::Uuid;

async fn create(person: &Person) -> (String, String) {
    let made = person.post("/v1/items", json!({"title": "Ideas", "description": "A clock"})).await.expect(201);
    (format!("/v1/items/{}", made.id()), made.etag())
}

#[tokio::test]
async fn what_is_sent_changes_and_the_rest_stays() {
    let ada = Person::register().await;
    let (path, mut etag) = create(&ada).await;
    let mut expected = ada.get(&path).await.expect(200).json;
    for (field, value) in
        [("title", json!("Better ideas")), ("description", json!("A watch")), ("description", Value::Null)]
    {
        let changed = ada.patch(&path, &etag, json!({field: value})).await.expect(200);
        etag = changed.etag();
        expected[field] = value;
        expected["updated_at"] = changed.json["updated_at"].clone();
        assert_eq!(changed.json, expected, "{field}");
        assert_eq!(ada.get(&path).await.expect(200).etag(), etag);
    }
}

#[tokio::test]
async fn of_many_changes_of_one_state_one_is_made() {
    let ada = Person::register().await;
    let (path, etag) = create(&ada).await;
    let reply = ada.send_with("PATCH", &path, &[], json!({"title": "Mine"})).await;
    let _ = reply.expect_problem(428, "precondition_required");
    let replies = together((0..10).map(|index| {
        let (ada, path, etag) = (ada.clone(), path.clone(), etag.clone());
        async move { ada.patch(&path, &etag, json!({"title": format!("by {index}")})).await }
    }))
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    assert_eq!(made.len(), 1);
    for reply in refused {
        let _ = reply.expect_problem(412, "stale");
    }
    assert_eq!(ada.get(&path).await.expect(200).json, made[0].json);
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let (path, etag) = create(&ada).await;
    for if_match in [etag.as_str(), "*", "\"0\""] {
        for path in [&path, &format!("/v1/items/{}", Uuid::now_v7())] {
            let _ = bob.patch(path, if_match, json!({"title": "Mine"})).await.expect_problem(404, "not_found");
        }
    }
    assert_eq!(ada.get(&path).await.expect(200).etag(), etag);
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let (path, etag) = create(&ada).await;
    ada.expect_strict("PATCH", &path, json!({"title": "Mine"})).await;
    let wrong = [
        ("/title", Value::Null),
        ("/title", json!("")),
        ("/title", json!("a\u{0}")),
        ("/title", json!("x".repeat(201))),
        ("/description", json!("")),
        ("/description", json!("x".repeat(20_001))),
        ("/owner_id", json!(ada.id())),
    ];
    ada.expect_invalid("PATCH", &path, &json!({}), &wrong).await;
    assert_eq!(ada.get(&path).await.expect(200).etag(), etag);
}
