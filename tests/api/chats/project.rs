//! PUT /v1/chats/{id}/project

use harness::{Person, Value, database, json, together};
use uuid::Uuid;

async fn new_chat(person: &Person, body: Value) -> (String, String) {
    let id = person.post("/v1/chats", body).await.expect(201).id();
    (format!("/v1/chats/{id}/project"), id)
}

#[tokio::test]
async fn the_first_call_makes_it_and_the_next_ones_find_it() {
    let ada = Person::register().await;
    let container = database::container(ada.id(), "running").await;
    let (path, chat) = new_chat(&ada, json!({"title": "A clock", "container_id": container})).await;
    let made = ada.put(&path, json!({})).await.expect(201);
    assert_eq!(made.header("location"), format!("/v1/projects/{}", made.id()));
    for (field, value) in [
        ("name", json!("A clock")),
        ("description", Value::Null),
        ("type", json!("nextjs")),
        ("status", json!("active")),
        ("chat_id", json!(chat)),
        ("container_id", json!(container)),
        ("owner_id", json!(ada.id())),
    ] {
        assert_eq!(made.json[field], value, "{field}");
    }
    let found = ada.put(&path, json!({"name": "Another", "type": "vue"})).await.expect(200);
    assert_eq!((&found.json, found.etag()), (&made.json, made.etag()));
    assert_eq!(ada.walk("/v1/projects").await, [made.json]);

    let (path, _) = new_chat(&ada, json!({})).await;
    let named = json!({"name": "A watch", "description": "It ticks.", "type": "vue"});
    let made = ada.put(&path, named.clone()).await.expect(201);
    for field in ["name", "description", "type"] {
        assert_eq!(made.json[field], named[field], "{field}");
    }
    let (path, _) = new_chat(&ada, json!({})).await;
    assert_eq!(ada.send_text("PUT", &path, "").await.expect(201).json["name"], "Untitled");
}

#[tokio::test]
async fn a_hundred_calls_at_once_make_one_project() {
    let ada = Person::register().await;
    let (path, _) = new_chat(&ada, json!({"title": "A clock"})).await;
    for round in 0..2 {
        let replies = together((0..100).map(|index| {
            let (ada, path) = (ada.clone(), path.clone());
            async move { ada.put(&path, json!({"name": format!("by {index}")})).await }
        }))
        .await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 99);
        assert!(replies.iter().all(|reply| reply.json == replies[0].json));
        assert_eq!(ada.walk("/v1/projects").await, [replies[0].json.clone()]);
        assert_eq!(ada.walk("/v1/projects?status=deleted").await.len(), round);
        ada.make_project(&replies[0].id(), "deleted").await;
    }
}

#[tokio::test]
async fn an_archived_project_is_still_the_chats_and_a_deleted_one_is_not() {
    let ada = Person::register().await;
    let (path, chat) = new_chat(&ada, json!({})).await;
    let first = ada.put(&path, json!({})).await.expect(201).id();
    ada.make_project(&first, "archived").await;
    let archived = ada.put(&path, json!({})).await.expect(200);
    assert_eq!((archived.id(), &archived.json["status"]), (first.clone(), &json!("archived")));
    ada.make_project(&first, "deleted").await;
    let second = ada.put(&path, json!({})).await.expect(201);
    assert_ne!(second.id(), first);
    ada.make_project(&first, "active").await;
    assert_eq!(ada.get(&format!("/v1/projects/{first}")).await.expect(200).json["chat_id"], Value::Null);
    // Brought back before anyone asked for another, it has its chat again.
    ada.make_project(&second.id(), "deleted").await;
    ada.make_project(&second.id(), "active").await;
    let again = ada.put(&path, json!({})).await.expect(200);
    assert_eq!((again.id(), &again.json["chat_id"]), (second.id(), &json!(chat)));
}

#[tokio::test]
async fn someone_elses_chat_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let (path, _) = new_chat(&ada, json!({})).await;
    for path in [&path, &format!("/v1/chats/{}/project", Uuid::now_v7())] {
        let _ = bob.put(path, json!({})).await.expect_problem(404, "not_found");
    }
    assert!(ada.walk("/v1/projects").await.is_empty());
    let _ = ada.put(&path, json!({})).await.expect(201);
    let _ = bob.put(&path, json!({})).await.expect_problem(404, "not_found");
    let _ = bob.put("/v1/chats/7/project", json!({})).await.expect_problem(400, "malformed");
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let (path, chat) = new_chat(&ada, json!({})).await;
    ada.expect_strict("PUT", &path, json!({"name": "A clock"})).await;
    let wrong = [
        ("/name", json!("")),
        ("/name", json!("x".repeat(201))),
        ("/name", json!("\u{0}")),
        ("/description", json!("x".repeat(5001))),
        ("/type", json!(" ")),
        ("/type", json!("x".repeat(101))),
        ("/chat_id", json!(chat)),
    ];
    ada.expect_invalid("PUT", &path, &json!({}), &wrong).await;
    assert!(ada.walk("/v1/projects").await.is_empty());
}
