//! POST /v1/projects

use harness::{Person, Value, database, json, together};
use uuid::Uuid;

const PATH: &str = "/v1/projects";

#[tokio::test]
async fn a_project_begins_active() {
    let ada = Person::register().await;
    let least = ada.post(PATH, json!({"name": "A clock \u{1f552}"})).await.expect(201);
    for (field, value) in [
        ("name", json!("A clock \u{1f552}")),
        ("description", Value::Null),
        ("type", json!("nextjs")),
        ("status", json!("active")),
        ("owner_id", json!(ada.id())),
        ("container_id", Value::Null),
        ("chat_id", Value::Null),
        ("metadata", json!({})),
        ("settings", json!({})),
    ] {
        assert_eq!(least.json[field], value, "{field}");
    }
    let whole = json!({
        "name": "A watch", "description": "It ticks.", "type": "svelte", "metadata": {"a": [1]},
        "settings": {"typescript": true}, "container_id": database::container(ada.id(), "created").await,
        "chat_id": ada.post("/v1/chats", json!({})).await.expect(201).id()
    });
    let made = ada.post(PATH, whole.clone()).await.expect(201);
    for (field, value) in whole.as_object().expect("an object") {
        assert_eq!(made.json[field], *value, "{field}");
    }
    assert_eq!(made.header("location"), format!("{PATH}/{}", made.id()));
    assert_eq!(ada.walk(PATH).await, [made.json, least.json]);
}

#[tokio::test]
async fn a_chat_has_one_project() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let body = json!({"name": "A clock", "chat_id": chat});
    let replies = together((0..10).map(|_| {
        let (ada, body) = (ada.clone(), body.clone());
        async move { ada.post(PATH, body).await }
    }))
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
    assert_eq!(made.len(), 1);
    for reply in refused {
        assert_eq!(reply.expect_problem(409, "conflict").pointers(), ["/chat_id"]);
    }
    ada.make_project(&made[0].id(), "archived").await;
    let _ = ada.post(PATH, body.clone()).await.expect_problem(409, "conflict");
    // A deleted one is not in the way.
    ada.make_project(&made[0].id(), "deleted").await;
    let _ = ada.post(PATH, body).await.expect(201);
}

#[tokio::test]
async fn what_it_names_is_ones_own() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let chat = bob.post("/v1/chats", json!({})).await.expect(201).id();
    let with_project = bob.post("/v1/chats", json!({})).await.expect(201).id();
    let _ = bob.put(&format!("/v1/chats/{with_project}/project"), json!({})).await.expect(201);
    let container = database::container(bob.id(), "running").await;
    let gone = database::container(ada.id(), "deleted").await;
    for (field, value) in [
        ("chat_id", chat),
        ("chat_id", with_project),
        ("chat_id", Uuid::now_v7().to_string()),
        ("container_id", container),
        ("container_id", gone),
        ("container_id", Uuid::now_v7().to_string()),
    ] {
        let reply = ada.post(PATH, json!({"name": "A clock", field: value})).await;
        assert_eq!(reply.expect_problem(422, "invalid_reference").pointers(), [format!("/{field}")]);
    }
    assert!(ada.walk(PATH).await.is_empty());
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let whole = json!({"name": "A clock"});
    ada.expect_strict("POST", PATH, whole.clone()).await;
    let wrong = [
        ("/name", Value::Null),
        ("/name", json!("")),
        ("/name", json!("x".repeat(201))),
        ("/name", json!("a\u{0}")),
        ("/description", json!("")),
        ("/description", json!("x".repeat(5001))),
        ("/type", json!("")),
        ("/type", json!("x".repeat(101))),
        ("/container_id", json!("7")),
        ("/chat_id", json!(7)),
        ("/metadata", json!([])),
        ("/metadata", json!({"a": "\u{0}"})),
        ("/settings", json!({"a": "x".repeat(65_536)})),
        ("/settings", Value::Null),
        ("/status", json!("archived")),
        ("/owner_id", json!(ada.id())),
    ];
    ada.expect_invalid("POST", PATH, &whole, &wrong).await;
    let _ = ada.post(PATH, json!({})).await.expect_problem(422, "invalid");
    assert!(ada.walk(PATH).await.is_empty());
}
