//! GET /v1/containers

use harness::{Person, Value, json};

fn names(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["name"].as_str().expect("a name")).collect()
}

/// Containers of each status, oldest first, named after it.
async fn one_each(person: &Person) {
    for (name, way) in [
        ("created", &[][..]),
        ("running", &["running"]),
        ("stopped", &["running", "stopped"]),
        ("deleted", &["deleted"]),
    ] {
        let body = json!({"name": name, "labels": {"kind": name, "n": 1, "odd=name": "x"}});
        let id = person.post("/v1/containers", body).await.expect(201).id();
        for to in way {
            let _ = person.post(&format!("/v1/containers/{id}/transitions"), json!({ "to": to })).await.expect(200);
        }
    }
}

#[tokio::test]
async fn filters_find_what_they_say() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    one_each(&ada).await;
    one_each(&bob).await;
    for (query, expected) in [
        ("", &["stopped", "running", "created"][..]),
        ("?active=true", &["running", "created"]),
        ("?active=false", &["stopped"]),
        ("?status=created", &["created"]),
        ("?status=running", &["running"]),
        ("?status=stopped", &["stopped"]),
        ("?status=deleted", &["deleted"]),
        ("?status=deleted&active=false", &["deleted"]),
        ("?status=stopped&active=true", &[]),
        ("?label=kind", &["stopped", "running", "created"]),
        ("?label=kind=running", &["running"]),
        ("?label=n=1&active=true", &["running", "created"]),
        ("?label=kind=", &[]),
        ("?label=missing", &[]),
        ("?label=kind%27%3B", &[]),
    ] {
        let items = ada.walk(&format!("/v1/containers{query}")).await;
        assert_eq!(names(&items), expected, "{query}");
        assert!(items.iter().all(|item| item["user_id"] == ada.id()));
    }
}

#[tokio::test]
async fn pages_visit_each_container_once() {
    let ada = Person::register().await;
    for index in 0..5 {
        let _ = ada.post("/v1/containers", json!({"name": index.to_string()})).await.expect(201);
    }
    for query in ["limit=2", "limit=2&active=true", "limit=1&status=created"] {
        assert_eq!(names(&ada.walk(&format!("/v1/containers?{query}")).await), ["4", "3", "2", "1", "0"], "{query}");
    }
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let ada = Person::register().await;
    let _ = Person::anonymous().get("/v1/containers").await.expect_problem(401, "unauthenticated");
    for (query, pointer) in [
        ("status=paused", "/query/status"),
        ("active=yes", "/query/active"),
        ("label=", "/query/label"),
        ("limit=0", "/query/limit"),
        ("cursor=7", "/query/cursor"),
        ("name=a", "/query/name"),
    ] {
        let reply = ada.get(&format!("/v1/containers?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
}
