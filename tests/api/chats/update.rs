//! PATCH /v1/chats/{id}

use harness::{Person, Value, database, json, together};
use uuid::Uuid;

async fn create(person: &Person, body: Value) -> (String, String) {
    let made = person.post("/v1/chats", body).await.expect(201);
    (format!("/v1/chats/{}", made.id()), made.etag())
}

#[tokio::test]
async fn what_is_sent_changes_and_the_rest_stays() {
    let ada = Person::register().await;
    let container = database::container(ada.id(), "running").await;
    let (path, mut etag) = create(&ada, json!({"title": "A clock"})).await;
    let mut expected = ada.get(&path).await.expect(200).json;
    for (field, value) in [
        ("title", json!("A watch")),
        ("external_key", json!("thread-7")),
        ("container_id", json!(container)),
        ("title", Value::Null),
        ("external_key", Value::Null),
        ("container_id", Value::Null),
    ] {
        let changed = ada.patch(&path, &etag, json!({field: value})).await.expect(200);
        etag = changed.etag();
        expected[field] = value;
        expected["updated_at"] = changed.json["updated_at"].clone();
        assert_eq!(changed.json, expected, "{field}");
        assert_eq!(ada.get(&path).await.expect(200).etag(), etag, "{field}");
    }
}

#[tokio::test]
async fn of_many_changes_of_one_state_one_is_made() {
    let ada = Person::register().await;
    let (path, etag) = create(&ada, json!({"title": "A clock"})).await;
    let reply = ada.send_with("PATCH", &path, &[], json!({"title": "A watch"})).await;
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
async fn an_external_key_stays_unique() {
    let ada = Person::register().await;
    let (path, etag) = create(&ada, json!({})).await;
    let _ = create(&ada, json!({"external_key": "taken"})).await;
    let reply = ada.patch(&path, &etag, json!({"external_key": "taken"})).await.expect_problem(409, "conflict");
    assert_eq!(reply.pointers(), ["/external_key"]);
    // In another container it is another one's name.
    let container = database::container(ada.id(), "running").await;
    let elsewhere = json!({"external_key": "taken", "container_id": container});
    let _ = ada.patch(&path, &etag, elsewhere).await.expect(200);
}

#[tokio::test]
async fn a_container_is_ones_own_and_there() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let (path, etag) = create(&ada, json!({})).await;
    let theirs = database::container(bob.id(), "running").await;
    let gone = database::container(ada.id(), "deleted").await;
    for container in [theirs, gone, Uuid::now_v7().to_string()] {
        let body = json!({"container_id": container});
        let reply = ada.patch(&path, &etag, body.clone()).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), ["/container_id"]);
        let reply = ada.post("/v1/chats", body).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), ["/container_id"]);
    }
    let stopped = database::container(ada.id(), "stopped").await;
    let made = ada.post("/v1/chats", json!({"container_id": stopped})).await.expect(201);
    assert_eq!(made.json["container_id"], stopped);
}

/// Row level security says so too, whatever a statement forgets.
#[tokio::test]
async fn no_statement_can_name_someone_elses_container() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let (path, _) = create(&ada, json!({})).await;
    let (own, theirs) =
        (database::container(ada.id(), "running").await, database::container(bob.id(), "running").await);
    let behind = database::behind().await;
    behind.query("select set_config('app.user_id', $1, false)", &[&ada.id()]).await.expect("it can be set");
    behind.batch_execute("set role atelier_api").await.expect("a superuser may");
    let update = "update chats set container_id = $2::text::uuid where id = $1::text::uuid";
    let id = &path["/v1/chats/".len()..];
    assert_eq!(behind.execute(update, &[&id, &own]).await.expect("her own"), 1);
    let error = behind.execute(update, &[&id, &theirs]).await.expect_err("someone else's");
    assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("42501"));
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let (path, etag) = create(&ada, json!({"title": "A clock"})).await;
    for if_match in [etag.as_str(), "*", "\"0\""] {
        for path in [&path, &format!("/v1/chats/{}", Uuid::now_v7())] {
            for body in [json!({"title": "Mine"}), json!({"container_id": Uuid::now_v7()})] {
                let _ = bob.patch(path, if_match, body).await.expect_problem(404, "not_found");
            }
        }
    }
    assert_eq!(ada.get(&path).await.expect(200).etag(), etag);
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let (path, etag) = create(&ada, json!({"title": "A clock"})).await;
    ada.expect_strict("PATCH", &path, json!({"title": "A watch"})).await;
    let wrong = [
        ("/title", json!("")),
        ("/title", json!("x".repeat(201))),
        ("/title", json!("a\u{0}")),
        ("/external_key", json!(" ")),
        ("/external_key", json!("x".repeat(201))),
        ("/container_id", json!("")),
        ("/container_id", json!(7)),
        ("/user_id", json!(ada.id())),
        ("/message_count", json!(7)),
    ];
    ada.expect_invalid("PATCH", &path, &json!({}), &wrong).await;
    assert_eq!(ada.get(&path).await.expect(200).etag(), etag);
}
