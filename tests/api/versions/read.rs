//! GET /v1/artifacts/{id}/versions/{version}

use harness::{Person, Value, json};
use uuid::Uuid;

#[tokio::test]
async fn a_version_comes_with_its_files_by_path() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "one\n").await;
    let paths = ["b/c.js", "B.js", "a.js", "\u{e9}.js", "b.js", "b/a.js"];
    let files: Vec<Value> = paths.iter().map(|path| json!({"path": path, "content": path})).collect();
    let _ = ada.publish_files(&artifact.id(), json!(files)).await;
    let path = format!("/v1/artifacts/{}/versions", artifact.id());
    let expected = ada.get(&format!("{path}/2")).await.expect(200);
    let files = expected.json["files"].as_array().expect("files");
    assert_eq!(files.len(), paths.len());
    assert!(files.iter().all(|file| file["path"] == file["content"]));
    for person in [&bob, &Person::anonymous()] {
        assert_eq!(person.get(&format!("{path}/2")).await.expect(200).json["files"], expected.json["files"]);
        assert_eq!(person.get(&format!("{path}/1")).await.expect(200).json["files"][0]["content"], "one\n");
    }
}

#[tokio::test]
async fn who_knows_it_already_gets_304() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("public", "one\n").await;
    let path = format!("/v1/artifacts/{}/versions/1", artifact.id());
    let etag = ada.get(&path).await.expect(200).etag();
    let reply = ada.send_with("GET", &path, &[("if-none-match", &etag)], json!({})).await.expect(304);
    assert!(reply.bytes.is_empty());
    // It is good for publishing, so it changes with the artifact.
    let _ = ada.publish(&artifact.id(), "two\n").await;
    let reply = ada.send_with("GET", &path, &[("if-none-match", &etag)], json!({})).await.expect(200);
    assert_eq!(reply.json["files"][0]["content"], "one\n");
}

#[tokio::test]
async fn the_conversation_is_its_owners_unless_they_say_otherwise() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "one\n").await;
    let path = format!("/v1/artifacts/{}", artifact.id());
    for index in 2..=3 {
        let body = json!({"chat": [index], "files": [{"path": "a", "content": "a"}]});
        let _ = ada.post_with(&format!("{path}/versions"), &[("if-match", "*")], body).await.expect(201);
    }
    let chat = async |person: &Person, index: i32| {
        person.get(&format!("{path}/versions/{index}")).await.expect(200).json["chat"].clone()
    };
    let change = async |body: Value| ada.patch(&path, "*", body).await.expect(200);
    assert_eq!((chat(&ada, 1).await, chat(&ada, 2).await), (Value::Null, json!([2])));
    for person in [&bob, &Person::anonymous()] {
        let _ = change(json!({"chat_history_public": false, "versioning_enabled": true})).await;
        assert_eq!((chat(person, 2).await, chat(person, 3).await), (Value::Null, Value::Null));
        let _ = change(json!({"chat_history_public": true})).await;
        assert_eq!((chat(person, 2).await, chat(person, 3).await), (json!([2]), json!([3])));
        let _ = change(json!({"versioning_enabled": false})).await;
        assert_eq!(chat(person, 3).await, json!([3]));
    }
    assert_eq!(chat(&ada, 2).await, json!([2]));
}

#[tokio::test]
async fn earlier_versions_can_be_kept_to_oneself() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "one\n").await;
    let _ = ada.publish(&artifact.id(), "two\n").await;
    let path = format!("/v1/artifacts/{}", artifact.id());
    let _ = ada.patch(&path, "*", json!({"versioning_enabled": false})).await.expect(200);
    for person in [&bob, &Person::anonymous()] {
        let _ = person.get(&format!("{path}/versions/1")).await.expect_problem(404, "not_found");
        assert_eq!(person.get(&format!("{path}/versions/2")).await.expect(200).json["files"][0]["content"], "two\n");
    }
    assert_eq!(ada.get(&format!("{path}/versions/1")).await.expect(200).json["files"][0]["content"], "one\n");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("private", "one\n").await;
    let path = format!("/v1/artifacts/{}/versions", artifact.id());
    for index in ["0", "-1", "2", "2147483647", "-2147483648"] {
        let _ = ada.get(&format!("{path}/{index}")).await.expect_problem(404, "not_found");
    }
    for index in ["one", "1.0", "2147483648", "%20", "current"] {
        let reply = ada.get(&format!("{path}/{index}")).await.expect_problem(400, "malformed");
        assert_eq!(reply.pointers(), ["/path/version"]);
    }
    for person in [&bob, &Person::anonymous()] {
        let _ = person.get(&format!("{path}/1")).await.expect_problem(404, "not_found");
    }
    let _ = ada.get(&format!("/v1/artifacts/{}/versions/1", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let reply = ada.get(&format!("{path}/1?files=no")).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/files"]);
}

/// Versions can grow, by what they take over, beyond what one reply holds.
#[tokio::test]
async fn more_text_than_a_reply_holds_is_read_file_by_file() {
    let ada = Person::register().await;
    let text = |index: usize| format!("{index}{}", "x".repeat(1024 * 1024 - 1));
    let files: Vec<Value> = (0..4).map(|index| json!({"path": index.to_string(), "content": text(index)})).collect();
    let artifact = ada.post("/v1/artifacts", json!({"title": "Large", "version": {"files": files}})).await.expect(201);
    let path = format!("/v1/artifacts/{}/versions", artifact.id());
    let first = ada.get(&format!("{path}/1")).await.expect(200);
    assert_eq!(first.json["files"][3]["content"], text(3));
    let mut files: Vec<Value> = first.json["files"]
        .as_array()
        .expect("files")
        .iter()
        .map(|file| json!({"path": file["path"], "sha256": file["sha256"]}))
        .collect();
    files.push(json!({"path": "4", "content": "one more"}));
    let second = ada.publish_files(&artifact.id(), json!(files)).await;
    for version in [second, ada.get(&format!("{path}/2")).await.expect(200)] {
        let files = version.json["files"].as_array().expect("files");
        assert_eq!(files.len(), 5);
        assert!(files.iter().all(|file| file["content"].is_null() && file["url"].is_null()));
    }
    let file = ada.get(&format!("{path}/2/files/3")).await.expect(200);
    assert_eq!(file.json["content"], text(3));
    assert_eq!(ada.get(&format!("{path}/2/files/4")).await.expect(200).json["content"], "one more");
}
