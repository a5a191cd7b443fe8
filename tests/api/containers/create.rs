//! POST /v1/containers

use std::collections::BTreeSet;

use harness::{
    Person, Value,
    database::{config, connect, create_migrated, url},
    json,
    server::Server,
    together,
};
use shared::database::Database;
use uuid::Uuid;

const PATH: &str = "/v1/containers";

#[tokio::test]
async fn a_container_begins_created() {
    let ada = Person::register().await;
    let name = format!("docker-{}", Uuid::new_v4());
    let body = json!({
        "name": "A clock \u{1f552}", "container_id": name, "image_name": "node:22", "url": "https://clock.example.com:3000/a",
        "labels": {"tier": "free"}, "metadata": {"a": [1, null]}
    });
    let made = ada.post(PATH, body.clone()).await.expect(201);
    for (field, value) in body.as_object().expect("an object") {
        assert_eq!(&made.json[field], value, "{field}");
    }
    assert_eq!((&made.json["status"], &made.json["user_id"]), (&json!("created"), &json!(ada.id())));
    for field in ["assigned_port", "started_at", "stopped_at"] {
        assert_eq!(made.json[field], Value::Null, "{field}");
    }
    assert_eq!(made.header("location"), format!("{PATH}/{}", made.id()));
    let read = ada.get(made.header("location")).await.expect(200);
    assert_eq!((&read.json, read.etag()), (&made.json, made.etag()));
    let plain = ada.post(PATH, json!({"name": "Another"})).await.expect(201);
    assert_eq!(plain.json["container_id"], plain.json["id"]);
    assert_eq!((&plain.json["labels"], &plain.json["metadata"]), (&json!({}), &json!({})));
}

#[tokio::test]
async fn a_runtimes_name_is_given_once() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let body = json!({"name": "A sandbox", "container_id": Uuid::new_v4().to_string()});
    let _ = ada.post(PATH, body.clone()).await.expect(201);
    for person in [&ada, &bob] {
        let reply = person.post(PATH, body.clone()).await.expect_problem(409, "conflict");
        assert_eq!(reply.pointers(), ["/container_id"]);
    }
    assert!(bob.walk(PATH).await.is_empty());
}

#[tokio::test]
async fn a_hundred_at_once_get_a_hundred_ports() {
    let people = [Person::register().await, Person::register().await, Person::register().await];
    let replies = together((0..100).map(|index| {
        let person = people[index % people.len()].clone();
        async move { person.post(PATH, json!({"name": index.to_string(), "assign_port": true})).await.expect(201) }
    }))
    .await;
    let ports: BTreeSet<i64> =
        replies.iter().map(|reply| reply.json["assigned_port"].as_i64().expect("a port")).collect();
    assert_eq!(ports.len(), 100);
    assert!(ports.iter().all(|port| (3000..=3999).contains(port)), "{ports:?}");
    for (index, reply) in replies.iter().enumerate() {
        let _ = people[index % people.len()].delete(reply.header("location")).await.expect(204);
    }
}

/// In a database of its own, as others would want ports meanwhile.
#[tokio::test]
async fn the_last_port_is_given_and_then_no_more() {
    let (_, functions) = create_migrated().await;
    let server = Server::with(Database::new(&config(functions.clone())).expect("a pool"), functions::endpoints());
    let ada = Person::register_at(&server.url).await;
    let name = functions.rsplit('/').next().expect("a database").to_owned();
    let behind = connect(&url(None, &name)).await;
    behind
        .execute(
            "insert into containers (user_id, container_id, name, status, assigned_port)
             select $1::text::uuid, port::text, 'A sandbox', 'running', port
             from generate_series(3000, 3999) as port
             where port not in (3123, 3456)",
            &[&ada.id()],
        )
        .await
        .expect("ports are taken");
    let replies = together((0..8).map(|index| {
        let ada = ada.clone();
        async move { ada.post(PATH, json!({"name": index.to_string(), "assign_port": true})).await }
    }))
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
    let ports: BTreeSet<i64> = made.iter().filter_map(|reply| reply.json["assigned_port"].as_i64()).collect();
    assert_eq!(ports, BTreeSet::from([3123, 3456]));
    for reply in refused {
        assert_eq!(reply.expect_problem(409, "ports_exhausted").pointers(), ["/assign_port"]);
    }
    assert_eq!(ada.walk(PATH).await.len(), 1000);
    // Without a port there is always room; and one that is given back is given again.
    let waiting = ada.post(PATH, json!({"name": "Waiting"})).await.expect(201);
    let start = format!("{}/transitions", waiting.header("location"));
    let body = json!({"to": "running", "assign_port": true});
    let _ = ada.post(&start, body.clone()).await.expect_problem(409, "ports_exhausted");
    assert_eq!(ada.get(waiting.header("location")).await.expect(200).json["status"], "created");
    let _ = ada.delete(made[0].header("location")).await.expect(204);
    let started = ada.post(&start, body).await.expect(200);
    assert_eq!(started.json["assigned_port"], made[0].json["assigned_port"]);
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    ada.expect_strict("POST", PATH, json!({"name": "A sandbox"})).await;
    let wrong = [
        ("/name", json!("")),
        ("/name", Value::Null),
        ("/name", json!("x".repeat(256))),
        ("/name", json!("a\u{0}")),
        ("/container_id", json!("")),
        ("/container_id", json!("x".repeat(256))),
        ("/container_id", json!("\u{0}")),
        ("/image_name", json!("x".repeat(256))),
        ("/url", json!("")),
        ("/url", json!("javascript:alert(1)")),
        ("/url", json!(format!("https://a/{}", "x".repeat(2000)))),
        ("/labels", json!([])),
        ("/labels", json!({"a\u{0}": 1})),
        ("/labels", json!({"a": "x".repeat(64 * 1024)})),
        ("/metadata", Value::Null),
        ("/assign_port", json!(3000)),
        ("/assigned_port", json!(3000)),
        ("/status", json!("running")),
    ];
    ada.expect_invalid("POST", PATH, &json!({"name": "A sandbox"}), &wrong).await;
    assert!(ada.walk(PATH).await.is_empty());
}
