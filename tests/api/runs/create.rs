//! POST /v1/projects/{id}/runs

use harness::{Person, Value, database, json};
use shared::text::Sha256;
use uuid::Uuid;

async fn runs(person: &Person) -> String {
    format!("/v1/projects/{}/runs", person.create_project().await.id())
}

/// A text of so many characters, unlike any other.
fn text(characters: usize) -> String {
    let text = format!("{}\u{1f552}", Uuid::new_v4());
    let rest = characters - text.chars().count();
    text + &"\u{e9}".repeat(rest)
}

#[tokio::test]
async fn a_run_begins_pending() {
    let ada = Person::register().await;
    let path = runs(&ada).await;
    let made = ada.post(&path, json!({"prompt": "A clock with two hands."})).await.expect(201);
    assert!(path.contains(made.json["project_id"].as_str().expect("an id")));
    assert_eq!(made.header("location"), format!("/v1/runs/{}", made.id()));
    for (field, value) in [
        ("status", json!("pending")),
        ("prompt", json!("A clock with two hands.")),
        ("prompt_blob", Value::Null),
        ("whole_prompt", Value::Null),
        ("error", Value::Null),
        ("requirements_at", Value::Null),
        ("architecture_at", Value::Null),
        ("implementer_at", Value::Null),
        ("reviewer_at", Value::Null),
        ("finished_at", Value::Null),
        ("reported_at", made.json["created_at"].clone()),
    ] {
        assert_eq!(made.json[field], value, "{field}");
    }
    assert_eq!(ada.walk(&path).await, [made.json]);
}

#[tokio::test]
async fn a_long_prompt_is_kept_whole() {
    let ada = Person::register().await;
    let path = runs(&ada).await;
    let fits = text(5000);
    let made = ada.post(&path, json!({"prompt": fits})).await.expect(201);
    assert_eq!((&made.json["prompt"], &made.json["prompt_blob"]), (&json!(fits), &Value::Null));
    for characters in [5001, 1_000_000] {
        let whole = text(characters);
        // The same again stores nothing more.
        for _ in 0..2 {
            let made = ada.post(&path, json!({"prompt": whole})).await.expect(201);
            let beginning: String = whole.chars().take(5000).collect();
            assert_eq!((&made.json["prompt"], &made.json["whole_prompt"]), (&json!(beginning), &json!(whole)));
            let blob = &made.json["prompt_blob"];
            assert_eq!(blob["sha256"], Sha256::of(whole.as_bytes()).to_string());
            assert_eq!((&blob["size"], &blob["url"]), (&json!(whole.len()), &Value::Null));
            let read = ada.get(&format!("/v1/runs/{}", made.id())).await.expect(200);
            assert_eq!((&read.json, read.etag()), (&made.json, made.etag()));
            let listed = ada.walk(&path).await.remove(0);
            assert_eq!((&listed["prompt_blob"], &listed["whole_prompt"]), (blob, &Value::Null));
        }
    }
}

/// The bytes of a prompt may be known already, compressed or in the bucket.
#[tokio::test]
async fn a_prompt_that_is_there_already_is_found() {
    let ada = Person::register().await;
    let path = runs(&ada).await;
    let code = text(6000);
    let _ = ada.create_artifact("private", &code).await;
    let made = ada.post(&path, json!({"prompt": code})).await.expect(201);
    assert_eq!(made.json["whole_prompt"], code);
    let file = text(7000);
    let _ = ada.upload("file", "text/plain", file.as_bytes()).await;
    let made = ada.post(&path, json!({"prompt": file})).await.expect(201);
    assert_eq!(made.json["whole_prompt"], Value::Null);
    assert_eq!(ada.fetch(&made.json["prompt_blob"]["url"]).await.expect(200).bytes, file.as_bytes());
    for item in ada.walk(&path).await {
        assert!(item["prompt_blob"]["sha256"].is_string());
    }
}

/// Nothing refers to it any more, and the sweep is about to remove it.
#[tokio::test]
async fn a_prompt_that_is_removed_at_that_moment_is_stored_anew() {
    let ada = Person::register().await;
    let path = runs(&ada).await;
    let prompt = json!({"prompt": text(6000)});
    let run = ada.post(&path, prompt.clone()).await.expect(201).id();
    let forget = "delete from generation_runs where id = $1::text::uuid returning prompt_blob_id::text";
    let blob: String = database::behind().await.query_one(forget, &[&run]).await.expect("a run").get(0);
    let again = database::removed_meanwhile("blobs", &blob, ada.post(&path, prompt.clone())).await.expect(201);
    assert_eq!(again.json["whole_prompt"], prompt["prompt"]);
}

#[tokio::test]
async fn only_an_active_project_gets_runs() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let project = ada.create_project().await.id();
    let path = format!("/v1/projects/{project}/runs");
    let long = text(5001);
    for prompt in ["A clock", &long] {
        for path in [&path, &format!("/v1/projects/{}/runs", Uuid::now_v7())] {
            let _ = bob.post(path, json!({"prompt": prompt})).await.expect_problem(404, "not_found");
        }
    }
    ada.make_project(&project, "archived").await;
    let _ = ada.post(&path, json!({"prompt": long})).await.expect_problem(409, "archived");
    assert!(ada.walk(&path).await.is_empty());
    let count = "select count(*) from blobs where sha256 = $1";
    assert_eq!(database::number(count, &[&Sha256::of(long.as_bytes()).0.to_vec()]).await, 0);
    // Another one's being archived is no obstacle.
    let _ = ada.post(&runs(&ada).await, json!({"prompt": "A clock"})).await.expect(201);
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let path = runs(&ada).await;
    let whole = json!({"prompt": "A clock"});
    ada.expect_strict("POST", &path, whole.clone()).await;
    let wrong = [
        ("/prompt", Value::Null),
        ("/prompt", json!("")),
        ("/prompt", json!(" \n")),
        ("/prompt", json!("a\u{0}")),
        ("/prompt", json!(7)),
        ("/prompt", json!("x".repeat(1_000_001))),
        ("/status", json!("completed")),
    ];
    ada.expect_invalid("POST", &path, &whole, &wrong).await;
    let _ = ada.post(&path, json!({})).await.expect_problem(422, "invalid");
    let _ = ada.post(&path, json!({"prompt": "x".repeat(5 * 1024 * 1024)})).await.expect_problem(413, "too_large");
    assert!(ada.walk(&path).await.is_empty());
}
