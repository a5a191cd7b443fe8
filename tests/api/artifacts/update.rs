//! PATCH /v1/artifacts/{id}

use harness::{Person, Value, json, together};
use uuid::Uuid;

async fn create(person: &Person, body: Value) -> (String, String) {
    let made = person.post("/v1/artifacts", body).await.expect(201);
    (format!("/v1/artifacts/{}", made.id()), made.etag())
}

#[tokio::test]
async fn what_is_sent_changes_and_the_rest_stays() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let (path, mut etag) = create(&ada, json!({"title": "A clock", "metadata": {"a": 1}})).await;
    let mut expected = ada.get(&path).await.expect(200).json;
    for (field, value) in [
        ("title", json!("A watch")),
        ("description", json!("It ticks.")),
        ("visibility", json!("public")),
        ("type", json!("game")),
        ("tool_name", json!("pencil")),
        ("metadata", json!({"b": 2})),
        ("chat_id", json!(chat)),
        ("source_session", json!({"id": "run", "credits_estimate": 1.5})),
        ("source_session", json!({"id": "run", "credits_estimate": null})),
        ("versioning_enabled", json!(false)),
        ("chat_history_public", json!(true)),
        ("description", Value::Null),
        ("tool_name", Value::Null),
        ("chat_id", Value::Null),
        ("project_id", Value::Null),
        ("source_session", Value::Null),
    ] {
        let changed = ada.patch(&path, &etag, json!({field: value})).await.expect(200);
        assert_ne!(changed.etag(), etag, "{field}");
        etag = changed.etag();
        expected[field] = value;
        expected["updated_at"] = changed.json["updated_at"].clone();
        assert_eq!(changed.json, expected, "{field}");
        let read = ada.get(&path).await.expect(200);
        assert_eq!((&read.json, read.etag()), (&changed.json, changed.etag()), "{field}");
    }
    let _ = ada.patch(&path, &etag, json!({})).await.expect(200);
}

#[tokio::test]
async fn visibility_takes_effect_at_once() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let (path, etag) = create(&ada, json!({"title": "A clock"})).await;
    let public = ada.patch(&path, &etag, json!({"visibility": "public"})).await.expect(200);
    let _ = bob.get(&path).await.expect(200);
    let _ = ada.patch(&path, &public.etag(), json!({"visibility": "private"})).await.expect(200);
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_change_names_what_it_is_a_change_of() {
    let ada = Person::register().await;
    let (path, etag) = create(&ada, json!({"title": "A clock"})).await;
    let change = json!({"title": "A watch"});
    let reply = ada.send_with("PATCH", &path, &[], change.clone()).await;
    let _ = reply.expect_problem(428, "precondition_required");
    for stale in ["\"0-0\"", "\"\"", "nonsense", "\"99999999999999999999-0\"", "W/\"1\""] {
        let _ = ada.patch(&path, stale, change.clone()).await.expect_problem(412, "stale");
    }
    assert_eq!(ada.get(&path).await.expect(200).json["title"], "A clock");
    let _ = ada.patch(&path, &etag, change.clone()).await.expect(200);
    let _ = ada.patch(&path, &etag, change.clone()).await.expect_problem(412, "stale");
    let _ = ada.patch(&path, "*", json!({"title": "Whatever"})).await.expect(200);
}

#[tokio::test]
async fn of_many_changes_of_one_state_one_is_made() {
    let ada = Person::register().await;
    let (path, etag) = create(&ada, json!({"title": "A clock"})).await;
    let replies = together((0..12).map(|index| {
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
    for visibility in ["public", "private"] {
        let (path, etag) = create(&ada, json!({"title": "A clock", "visibility": visibility})).await;
        for if_match in [etag.as_str(), "*", "\"0\""] {
            let _ = bob.patch(&path, if_match, json!({"title": "Mine"})).await.expect_problem(404, "not_found");
        }
        assert_eq!(ada.get(&path).await.expect(200).etag(), etag);
    }
    let nowhere = format!("/v1/artifacts/{}", Uuid::now_v7());
    let _ = bob.patch(&nowhere, "*", json!({})).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let (path, etag) = create(&ada, json!({"title": "A clock"})).await;
    ada.expect_strict("PATCH", &path, json!({"title": "A watch"})).await;
    ada.expect_invalid(
        "PATCH",
        &path,
        &json!({"source_session": {"id": "a"}}),
        &[
            ("/title", json!("")),
            ("/title", Value::Null),
            ("/title", json!("a\u{0}")),
            ("/description", json!("")),
            ("/visibility", Value::Null),
            ("/visibility", json!("secret")),
            ("/type", Value::Null),
            ("/tool_name", json!("\u{0}")),
            ("/metadata", Value::Null),
            ("/metadata", json!({"\u{0}": 1})),
            ("/chat_id", json!("")),
            ("/source_session/id", json!("\u{0}")),
            ("/source_session/credits_estimate", json!("1")),
            ("/versioning_enabled", Value::Null),
            ("/chat_history_public", json!(1)),
            ("/owner_user_id", json!(bob.id())),
        ],
    )
    .await;
    let theirs = bob.post("/v1/chats", json!({})).await.expect(201).id();
    let deleted = ada.post("/v1/projects", json!({"name": "p"})).await.expect(201).id();
    let _ = ada.delete(&format!("/v1/projects/{deleted}")).await.expect(204);
    for (field, value) in
        [("chat_id", json!(theirs)), ("project_id", json!(Uuid::now_v7())), ("project_id", json!(deleted))]
    {
        let reply = ada.patch(&path, "*", json!({"title": "A watch", field: value})).await;
        assert_eq!(reply.expect_problem(422, "invalid_reference").pointers(), [format!("/{field}")]);
    }
    assert_eq!(ada.get(&path).await.expect(200).etag(), etag);
}

#[tokio::test]
async fn what_is_in_the_trash_is_not_found() {
    let ada = Person::register().await;
    let path = ada.create_trashed_artifact().await;
    let _ = ada.patch(&path, "*", json!({"title": "A watch"})).await.expect_problem(404, "not_found");
}
