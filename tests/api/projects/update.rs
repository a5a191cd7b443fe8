//! PATCH /v1/projects/{id}

use harness::{Person, Value, database, json, together};
use uuid::Uuid;

async fn create(person: &Person) -> (String, String) {
    let made = person.create_project().await;
    (format!("/v1/projects/{}", made.id()), made.etag())
}

#[tokio::test]
async fn what_is_sent_changes_and_the_rest_stays() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let container = database::container(ada.id(), "running").await;
    let (path, mut etag) = create(&ada).await;
    let mut expected = ada.get(&path).await.expect(200).json;
    for (field, value) in [
        ("name", json!("A watch")),
        ("description", json!("It ticks.")),
        ("type", json!("vue")),
        ("container_id", json!(container)),
        ("chat_id", json!(chat)),
        ("metadata", json!({"a": 1})),
        ("settings", json!({"b": [2]})),
        ("chat_id", json!(chat)),
        ("status", json!("active")),
        ("description", Value::Null),
        ("container_id", Value::Null),
        ("chat_id", Value::Null),
        ("status", json!("archived")),
    ] {
        let changed = ada.patch(&path, &etag, json!({field: value})).await.expect(200);
        assert_ne!(changed.etag(), etag, "{field}");
        etag = changed.etag();
        expected[field] = value;
        expected["updated_at"] = changed.json["updated_at"].clone();
        assert_eq!(changed.json, expected, "{field}");
        assert_eq!(ada.get(&path).await.expect(200).etag(), etag, "{field}");
    }
}

#[tokio::test]
async fn an_archived_project_changes_only_in_becoming_active() {
    let ada = Person::register().await;
    let (path, etag) = create(&ada).await;
    let archived = ada.patch(&path, &etag, json!({"name": "A watch", "status": "archived"})).await.expect(200);
    assert_eq!(archived.json["name"], "A watch");
    for body in [json!({"name": "A sundial"}), json!({"status": "archived"}), json!({}), json!({"chat_id": null})] {
        let _ = ada.patch(&path, &archived.etag(), body).await.expect_problem(409, "archived");
    }
    let _ = ada.patch(&path, &etag, json!({"name": "A sundial"})).await.expect_problem(412, "stale");
    assert_eq!(ada.get(&path).await.expect(200).etag(), archived.etag());
    let body = json!({"name": "A sundial", "status": "active"});
    let active = ada.patch(&path, &archived.etag(), body).await.expect(200);
    assert_eq!((&active.json["status"], &active.json["name"]), (&json!("active"), &json!("A sundial")));
}

#[tokio::test]
async fn a_deleted_project_is_brought_back_by_its_owner() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let (path, etag) = create(&ada).await;
    let _ = ada.delete(&path).await.expect(204);
    for body in [json!({"name": "A watch"}), json!({"status": "archived"}), json!({})] {
        for if_match in [etag.as_str(), "*"] {
            let _ = ada.patch(&path, if_match, body.clone()).await.expect_problem(404, "not_found");
        }
    }
    let active = json!({"status": "active"});
    let _ = bob.patch(&path, "*", active.clone()).await.expect_problem(404, "not_found");
    let _ = ada.patch(&path, &etag, active.clone()).await.expect_problem(412, "stale");
    let back = ada.patch(&path, "*", active).await.expect(200);
    assert_eq!(ada.get(&path).await.expect(200).json, back.json);
    assert_eq!((&back.json["status"], ada.walk("/v1/projects").await.len()), (&json!("active"), 1));
}

#[tokio::test]
async fn a_chat_has_one_project() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let body = json!({"chat_id": chat});
    let (first, _) = create(&ada).await;
    let (second, _) = create(&ada).await;
    let _ = ada.patch(&first, "*", body.clone()).await.expect(200);
    let reply = ada.patch(&second, "*", body.clone()).await.expect_problem(409, "conflict");
    assert_eq!(reply.pointers(), ["/chat_id"]);
    let _ = ada.delete(&first).await.expect(204);
    // A change that is refused takes nothing from the deleted one.
    let nowhere = format!("/v1/projects/{}", Uuid::now_v7());
    let _ = ada.patch(&nowhere, "*", body.clone()).await.expect_problem(404, "not_found");
    let _ = ada.patch(&second, "\"0-0\"", body.clone()).await.expect_problem(412, "stale");
    assert_eq!(ada.walk("/v1/projects?status=deleted").await[0]["chat_id"], json!(chat));
    let _ = ada.patch(&second, "*", body.clone()).await.expect(200);
    let back = ada.patch(&first, "*", json!({"status": "active"})).await.expect(200);
    assert_eq!(back.json["chat_id"], Value::Null);
    let taken = json!({"status": "active", "chat_id": chat});
    let _ = ada.patch(&first, "*", taken).await.expect_problem(409, "conflict");
    // Whether someone else's has one is not told.
    let bob = Person::register().await;
    let theirs = bob.post("/v1/chats", json!({})).await.expect(201).id();
    let _ = bob.put(&format!("/v1/chats/{theirs}/project"), json!({})).await.expect(201);
    let reply = ada.patch(&first, "*", json!({"chat_id": theirs})).await.expect_problem(422, "invalid_reference");
    assert_eq!(reply.pointers(), ["/chat_id"]);
}

#[tokio::test]
async fn of_many_changes_of_one_state_one_is_made() {
    let ada = Person::register().await;
    let (path, etag) = create(&ada).await;
    let reply = ada.send_with("PATCH", &path, &[], json!({"name": "A watch"})).await;
    let _ = reply.expect_problem(428, "precondition_required");
    let replies = together((0..12).map(|index| {
        let (ada, path, etag) = (ada.clone(), path.clone(), etag.clone());
        let status = if index % 2 == 0 { "active" } else { "archived" };
        async move { ada.patch(&path, &etag, json!({"name": format!("by {index}"), "status": status})).await }
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
    for body in [json!({"name": "Mine"}), json!({"status": "active"}), json!({"container_id": Uuid::now_v7()})] {
        for if_match in [etag.as_str(), "*", "\"0\""] {
            let _ = bob.patch(&path, if_match, body.clone()).await.expect_problem(404, "not_found");
        }
    }
    assert_eq!(ada.get(&path).await.expect(200).etag(), etag);
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let (path, etag) = create(&ada).await;
    ada.expect_strict("PATCH", &path, json!({"name": "A watch"})).await;
    let wrong = [
        ("/name", Value::Null),
        ("/name", json!("")),
        ("/name", json!("a\u{0}")),
        ("/name", json!("x".repeat(201))),
        ("/description", json!("")),
        ("/type", Value::Null),
        ("/type", json!("x".repeat(101))),
        ("/status", Value::Null),
        ("/status", json!("deleted")),
        ("/container_id", json!("")),
        ("/chat_id", json!(7)),
        ("/metadata", Value::Null),
        ("/metadata", json!({"\u{0}": 1})),
        ("/settings", json!([])),
        ("/settings", json!({"a": "x".repeat(65_536)})),
        ("/owner_id", json!(bob.id())),
    ];
    ada.expect_invalid("PATCH", &path, &json!({}), &wrong).await;
    let theirs = bob.post("/v1/chats", json!({})).await.expect(201).id();
    let container = database::container(bob.id(), "running").await;
    for (field, value) in [("chat_id", theirs), ("container_id", container), ("chat_id", Uuid::now_v7().to_string())] {
        let reply = ada.patch(&path, "*", json!({"name": "A watch", field: value})).await;
        assert_eq!(reply.expect_problem(422, "invalid_reference").pointers(), [format!("/{field}")]);
    }
    assert_eq!(ada.get(&path).await.expect(200).etag(), etag);
}
