//! PUT /v1/messages/{id}/artifact

use harness::{Person, Reply, Value, database, json, together};
use uuid::Uuid;

async fn new_message(person: &Person) -> String {
    let chat = person.post("/v1/chats", json!({})).await.expect(201).id();
    let body = json!({"role": "assistant", "content": "Done."});
    let message = person.post(&format!("/v1/chats/{chat}/messages"), body).await.expect(201).id();
    format!("/v1/messages/{message}/artifact")
}

async fn put(person: &Person, path: &str, if_match: &str, body: Value) -> Reply {
    person.send_with("PUT", path, &[("if-match", if_match)], body).await
}

#[tokio::test]
async fn what_a_message_made_is_replaced_whole() {
    let ada = Person::register().await;
    let path = new_message(&ada).await;
    let payload = json!({"requirementsArtifact": {"title": "A clock"}, "generatedFileMap": {"a.js": "draw();\n"}});
    let made = put(&ada, &path, "*", json!({"payload": payload})).await.expect(200);
    assert_eq!((&made.json["payload"], &made.json["generated_file_map"]), (&payload, &Value::Null));
    assert_eq!(ada.get(&path).await.expect(200).json, made.json);
    assert_eq!(ada.get(path.trim_end_matches("/artifact")).await.expect(200).json["has_artifact"], true);
    let replaced = put(&ada, &path, &made.etag(), json!({"payload": {"b": 1}})).await.expect(200);
    assert_eq!((&replaced.json["payload"], &replaced.json["created_at"]), (&json!({"b": 1}), &made.json["created_at"]));
    let _ = put(&ada, &path, &made.etag(), json!({"payload": {}})).await.expect_problem(412, "stale");
    let _ = ada.put(&path, json!({"payload": {}})).await.expect_problem(428, "precondition_required");
    assert_eq!(ada.get(&path).await.expect(200).json, replaced.json);
    let other = new_message(&ada).await;
    let _ = put(&ada, &other, "\"1-0\"", json!({"payload": {}})).await.expect_problem(412, "stale");
    let _ = ada.get(&other).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn many_files_are_kept_apart_and_come_back_within() {
    let ada = Person::register().await;
    let path = new_message(&ada).await;
    let files: serde_json::Map<String, Value> =
        (0..300).map(|index| (format!("src/{index}.js"), json!(format!("// {index}\n").repeat(1000)))).collect();
    let payload = json!({"architectureArtifact": [1.5, "é"], "generatedFileMap": files});
    let made = put(&ada, &path, "*", json!({"payload": payload})).await.expect(200);
    assert_eq!((&made.json["payload"], &made.json["generated_file_map"]), (&payload, &Value::Null));
    assert_eq!(ada.get(&path).await.expect(200).json, made.json);
    let row = "select length(payload::text)::bigint + pg_column_size(content) from message_artifacts
               join blobs on blobs.id = blob_id where message_id = $1::text::uuid and not payload ? 'generatedFileMap'";
    let bytes = database::number(row, &[&path.split('/').nth(3).expect("an id")]).await;
    assert!((1..200_000).contains(&bytes), "{bytes}");
    // Back to few: the row says all again.
    let few = json!({"generatedFileMap": {"a": "b"}});
    assert_eq!(put(&ada, &path, &made.etag(), json!({"payload": few})).await.expect(200).json["payload"], few);
}

#[tokio::test]
async fn files_that_were_uploaded_come_with_a_url() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = new_message(&ada).await;
    let files = json!({"a.js": Uuid::new_v4().to_string()}).to_string();
    let upload = ada.upload("file", "application/json", files.as_bytes()).await.id();
    let made = put(&ada, &path, "*", json!({"payload": {"a": 1}, "generated_file_map": upload})).await.expect(200);
    assert_eq!(made.json["payload"], json!({"a": 1}));
    assert_eq!(ada.fetch(&made.json["generated_file_map"]["url"]).await.expect(200).bytes, files.as_bytes());
    assert_eq!(ada.get(&path).await.expect(200).json, made.json);
    let theirs = bob.upload("file", "application/json", Uuid::new_v4().as_bytes()).await.id();
    let reply = put(&ada, &path, "*", json!({"payload": {}, "generated_file_map": theirs})).await;
    assert_eq!(reply.expect_problem(422, "invalid_reference").pointers(), ["/generated_file_map"]);
    let both = json!({"payload": {"generatedFileMap": {}}, "generated_file_map": upload});
    assert_eq!(put(&ada, &path, "*", both).await.expect_problem(422, "invalid").pointers(), ["/generated_file_map"]);
}

/// Nothing refers to them any more, and the sweep is about to remove them.
#[tokio::test]
async fn files_that_are_removed_at_that_moment_are_stored_anew() {
    let ada = Person::register().await;
    let path = new_message(&ada).await;
    let payload = json!({"generatedFileMap": {"a.js": Uuid::new_v4().to_string().repeat(3000)}});
    let _ = put(&ada, &path, "*", json!({"payload": payload})).await.expect(200);
    let find = "select blob_id::text from message_artifacts where message_id = $1::text::uuid";
    let id = path.split('/').nth(3).expect("an id");
    let blob: String = database::behind().await.query_one(find, &[&id]).await.expect("a blob").get(0);
    let _ = put(&ada, &path, "*", json!({"payload": {}})).await.expect(200);
    let again = put(&ada, &path, "*", json!({"payload": payload}));
    let again = database::removed_meanwhile("blobs", &blob, again).await.expect(200);
    assert_eq!(again.json["payload"], payload);
    assert_eq!(ada.get(&path).await.expect(200).json, again.json);
}

#[tokio::test]
async fn nothing_is_kept_of_a_message_that_is_just_being_deleted() {
    let ada = Person::register().await;
    let path = new_message(&ada).await;
    let request = put(&ada, &path, "*", json!({"payload": {}}));
    let id = path.split('/').nth(3).expect("an id");
    let _ = database::removed_meanwhile("messages", id, request).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn of_writers_with_the_same_etag_one_wins() {
    let ada = Person::register().await;
    let path = new_message(&ada).await;
    let etag = put(&ada, &path, "*", json!({"payload": {}})).await.expect(200).etag();
    let replies = together((0..20).map(|index| {
        let (ada, path, etag) = (ada.clone(), path.clone(), etag.clone());
        async move { put(&ada, &path, &etag, json!({"payload": {"index": index}})).await.status }
    }))
    .await;
    assert_eq!(replies.iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(replies.iter().filter(|status| **status == 412).count(), 19);
}

#[tokio::test]
async fn wrong_payloads_are_named() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = new_message(&ada).await;
    let body = json!({"payload": {"a": 1}});
    for if_match in ["*", "\"7-0\""] {
        let _ = put(&bob, &path, if_match, body.clone()).await.expect_problem(404, "not_found");
    }
    let nowhere = format!("/v1/messages/{}/artifact", Uuid::now_v7());
    let _ = put(&ada, &nowhere, "*", body.clone()).await.expect_problem(404, "not_found");
    ada.expect_strict("PUT", &path, body.clone()).await;
    let wrong = [
        ("/payload", json!([])),
        ("/payload", Value::Null),
        ("/payload", json!({"a": "\u{0}"})),
        ("/payload", json!({"a": "x".repeat(1024 * 1024)})),
        ("/payload", json!({"generatedFileMap": {"a": "x".repeat(4 * 1024 * 1024)}})),
        ("/payload", json!({"generatedFileMap": {"a": format!("{}\u{0}", "x".repeat(100_000))}})),
        ("/payload", json!({"generatedFileMap": {"a": "\"".repeat(1_900_000)}})),
        ("/generated_file_map", json!("7")),
    ];
    ada.expect_invalid("PUT", &path, &body, &wrong).await;
    // Written out, these numbers have three times as many bytes.
    let numbers = format!("{{\"payload\": {{\"generatedFileMap\": [{}1]}}}}", "1e9,".repeat(1_000_000));
    let _ = ada.send_text("PUT", &path, &numbers).await.expect_problem(422, "invalid");
    let _ = ada.get(&path).await.expect_problem(404, "not_found");
}
