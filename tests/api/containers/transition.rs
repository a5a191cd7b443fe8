//! POST /v1/containers/{id}/transitions

use harness::{Person, Reply, Value, json, together};
use uuid::Uuid;

const STATUSES: [&str; 4] = ["created", "running", "stopped", "deleted"];

/// What may follow what.
const ALLOWED: [(&str, &[&str]); 4] = [
    ("created", &["running", "deleted"]),
    ("running", &["stopped", "deleted"]),
    ("stopped", &["running", "deleted"]),
    ("deleted", &[]),
];

async fn go(person: &Person, id: &str, to: &str) -> Reply {
    person.post(&format!("/v1/containers/{id}/transitions"), json!({ "to": to })).await
}

/// A container at a status.
async fn at(person: &Person, status: &str) -> String {
    let id = person.create_container().await.id();
    let way: &[&str] = match status {
        "created" => &[],
        "running" => &["running"],
        "stopped" => &["running", "stopped"],
        _ => &["deleted"],
    };
    for to in way {
        let _ = go(person, &id, to).await.expect(200);
    }
    id
}

#[tokio::test]
async fn every_pair_is_allowed_or_says_what_is() {
    let ada = Person::register().await;
    for (from, allowed) in ALLOWED {
        for to in STATUSES {
            let id = at(&ada, from).await;
            let reply = go(&ada, &id, to).await;
            if allowed.contains(&to) {
                assert_eq!(reply.expect(200).json["status"], to, "{from} to {to}");
                continue;
            }
            let reply = reply.expect_problem(409, "conflict");
            assert_eq!(reply.pointers(), ["/to"], "{from} to {to}");
            let detail = reply.json["detail"].as_str().expect("text");
            let (_, said) = detail.split_once("it can become ").unwrap_or_default();
            let said: Vec<&str> = said.trim_end_matches('.').split(" or ").filter(|word| !word.is_empty()).collect();
            assert_eq!(said, allowed, "{from} to {to}: {detail}");
        }
    }
}

#[tokio::test]
async fn times_are_kept_and_ports_come_and_go() {
    let ada = Person::register().await;
    let id = ada.post("/v1/containers", json!({"name": "A sandbox", "assign_port": true})).await.expect(201).id();
    let path = format!("/v1/containers/{id}");
    let port = ada.get(&path).await.expect(200).json["assigned_port"].clone();
    let running = go(&ada, &id, "running").await.expect(200);
    assert_eq!(running.json["assigned_port"], port, "a port that there is stays");
    assert!(running.json["started_at"].is_string() && running.json["stopped_at"].is_null(), "{}", running.json);
    let stopped = go(&ada, &id, "stopped").await.expect(200);
    assert_eq!(stopped.json["assigned_port"], Value::Null);
    assert_eq!(stopped.json["started_at"], running.json["started_at"]);
    assert!(stopped.json["stopped_at"].as_str() > running.json["started_at"].as_str());
    let again =
        ada.post(&format!("{path}/transitions"), json!({"to": "running", "assign_port": true})).await.expect(200);
    assert!(again.json["assigned_port"].is_number());
    assert!(again.json["started_at"].as_str() > stopped.json["stopped_at"].as_str());
    assert_eq!(again.json["stopped_at"], stopped.json["stopped_at"]);
    assert_eq!(ada.get(&path).await.expect(200).etag(), again.etag());
    let deleted = go(&ada, &id, "deleted").await.expect(200);
    assert_eq!((&deleted.json["status"], &deleted.json["assigned_port"]), (&json!("deleted"), &Value::Null));
    assert!(deleted.json["stopped_at"].as_str() > again.json["started_at"].as_str());
    let _ = ada.get(&path).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn of_many_starts_one_is_made() {
    let ada = Person::register().await;
    let id = ada.create_container().await.id();
    let replies = together((0..10).map(|_| {
        let (ada, path) = (ada.clone(), format!("/v1/containers/{id}/transitions"));
        async move { ada.post(&path, json!({"to": "running", "assign_port": true})).await.status }
    }))
    .await;
    assert_eq!(replies.iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(replies.iter().filter(|status| **status == 409).count(), 9);
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let id = ada.create_container().await.id();
    for to in STATUSES {
        let _ = go(&bob, &id, to).await.expect_problem(404, "not_found");
        let _ = go(&bob, &Uuid::now_v7().to_string(), to).await.expect_problem(404, "not_found");
    }
    assert_eq!(ada.get(&format!("/v1/containers/{id}")).await.expect(200).json["status"], "created");
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let path = format!("/v1/containers/{}/transitions", ada.create_container().await.id());
    ada.expect_strict("POST", &path, json!({"to": "stopped"})).await;
    let wrong = [
        ("/to", json!("paused")),
        ("/to", json!("Running")),
        ("/to", Value::Null),
        ("/to", json!(1)),
        ("/assign_port", json!("yes")),
    ];
    ada.expect_invalid("POST", &path, &json!({"to": "running"}), &wrong).await;
    let reply = ada.post(&path, json!({"to": "deleted", "assign_port": true})).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/assign_port"]);
    let _ = ada.post(&path, json!({})).await.expect_problem(422, "invalid");
}
