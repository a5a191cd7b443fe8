//! POST /v1/runs/{id}/records

use harness::{Person, Value, json};
use shared::text::Sha256;
use uuid::Uuid;

async fn records(person: &Person) -> String {
    format!("/v1/runs/{}/records", person.create_run().await.id())
}

#[tokio::test]
async fn a_record_is_kept_as_it_came() {
    let ada = Person::register().await;
    let path = records(&ada).await;
    for (stage, content) in [
        ("requirements", json!({"goals": ["tick"], "n": 1.5e300})),
        ("architecture", json!([1, {"a": null}])),
        ("implementer", json!("plain \u{1f552}")),
        ("deterministic_tests", json!(7)),
        ("test_generation", json!({})),
        ("reviewer_pass_1", json!(false)),
        ("reviewer_pass_9999", json!({"a": {"b": {}}})),
        ("sandbox_tests_attempt_0", json!({"log": "x".repeat(1_000_000)})),
    ] {
        let made = ada.post(&path, json!({"stage": stage, "content": content})).await.expect(201);
        assert_eq!((&made.json["stage"], &made.json["content"]), (&json!(stage), &content));
        assert_eq!(made.json["bundle"], Value::Null);
        assert!(path.contains(made.json["run_id"].as_str().expect("an id")));
        assert_eq!(made.header("location"), format!("/v1/records/{}", made.id()));
        assert_eq!(ada.get(made.header("location")).await.expect(200).json, made.json);
    }
    for least in [json!({"stage": "requirements"}), json!({"stage": "requirements", "content": null})] {
        assert_eq!(ada.post(&path, least).await.expect(201).json["content"], json!({}));
    }
}

#[tokio::test]
async fn a_bundle_lies_apart() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = records(&ada).await;
    let bytes = Uuid::new_v4();
    let upload = ada.upload("file", "application/json", bytes.as_bytes()).await.id();
    let body = json!({"stage": "implementer", "content": {"files": 12}, "bundle": upload});
    let made = ada.post(&path, body).await.expect(201);
    let sha256 = Sha256::of(bytes.as_bytes()).to_string();
    assert_eq!(made.json["content"], json!({"files": 12, "bundle_ref": sha256}));
    assert_eq!(made.json["bundle"]["sha256"], sha256);
    assert_eq!(ada.fetch(&made.json["bundle"]["url"]).await.expect(200).bytes, bytes.as_bytes());
    let alone = ada.post(&path, json!({"stage": "implementer", "bundle": upload})).await.expect(201);
    assert_eq!(alone.json["content"], json!({"bundle_ref": sha256}));

    let pending = ada.declare("file", "text/plain", Uuid::new_v4().as_bytes()).await.expect(201).id();
    let theirs = bob.upload("file", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    for bundle in [pending, theirs, Uuid::now_v7().to_string()] {
        let reply = ada.post(&path, json!({"stage": "implementer", "bundle": bundle})).await;
        assert_eq!(reply.expect_problem(422, "invalid_reference").pointers(), ["/bundle"]);
    }
    for (pointer, body) in [
        ("/content", json!({"stage": "implementer", "content": [1], "bundle": upload})),
        ("/content/bundle_ref", json!({"stage": "implementer", "content": {"bundle_ref": "a"}, "bundle": upload})),
        ("/content/bundle_ref", json!({"stage": "implementer", "content": {"bundle_ref": null}})),
    ] {
        assert_eq!(ada.post(&path, body).await.expect_problem(422, "invalid").pointers(), [pointer]);
    }
    assert_eq!(ada.walk(&path).await.len(), 2);
}

#[tokio::test]
async fn the_run_is_heard_of() {
    let ada = Person::register().await;
    let run = ada.create_run().await;
    let path = format!("/v1/runs/{}", run.id());
    let _ = ada.post(&format!("{path}/records"), json!({"stage": "requirements"})).await.expect(201);
    let heard = ada.get(&path).await.expect(200);
    assert!(heard.json["reported_at"].as_str() > run.json["reported_at"].as_str());
    assert_eq!((&heard.json["status"], heard.etag() == run.etag()), (&json!("pending"), false));
    // What comes late is kept all the same.
    let _ = ada.post(&format!("{path}/transitions"), json!({"to": "failed"})).await.expect(200);
    let _ = ada.post(&format!("{path}/records"), json!({"stage": "reviewer_pass_1"})).await.expect(201);
}

#[tokio::test]
async fn an_archived_projects_runs_get_none() {
    let ada = Person::register().await;
    let run = ada.create_run().await;
    let path = format!("/v1/runs/{}/records", run.id());
    ada.make_project(run.json["project_id"].as_str().expect("an id"), "archived").await;
    let _ = ada.post(&path, json!({"stage": "requirements"})).await.expect_problem(409, "archived");
    assert!(ada.walk(&path).await.is_empty());
    assert_eq!(ada.get(&format!("/v1/runs/{}", run.id())).await.expect(200).etag(), run.etag());
}

#[tokio::test]
async fn someone_elses_run_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = records(&ada).await;
    for body in [json!({"stage": "requirements"}), json!({"stage": "requirements", "bundle": Uuid::now_v7()})] {
        for path in [&path, &format!("/v1/runs/{}/records", Uuid::now_v7())] {
            let _ = bob.post(path, body.clone()).await.expect_problem(404, "not_found");
        }
    }
    let _ = bob.post("/v1/runs/7/records", json!({"stage": "requirements"})).await.expect_problem(400, "malformed");
    assert!(ada.walk(&path).await.is_empty());
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let path = records(&ada).await;
    let whole = json!({"stage": "requirements", "content": {}});
    ada.expect_strict("POST", &path, whole.clone()).await;
    let wrong = [
        ("/stage", Value::Null),
        ("/stage", json!("")),
        ("/stage", json!("pending")),
        ("/stage", json!("reviewer")),
        ("/stage", json!("reviewer_pass_")),
        ("/stage", json!("reviewer_pass_N")),
        ("/stage", json!("reviewer_pass_-1")),
        ("/stage", json!("reviewer_pass_12345")),
        ("/stage", json!("sandbox_tests_attempt_1\n")),
        ("/stage", json!("requirements\u{0}")),
        ("/content", json!("\u{0}")),
        ("/content", json!({"\u{0}": 1})),
        ("/content", json!("x".repeat(1024 * 1024))),
        ("/bundle", json!("7")),
        ("/run_id", json!(Uuid::now_v7())),
    ];
    ada.expect_invalid("POST", &path, &whole, &wrong).await;
    let _ = ada.post(&path, json!({})).await.expect_problem(422, "invalid");
    let deep = format!("{{\"stage\": \"requirements\", \"content\": {}1{}}}", "[".repeat(500), "]".repeat(500));
    assert!(ada.send_text("POST", &path, &deep).await.status < 500);
    assert!(ada.walk(&path).await.is_empty());
}
