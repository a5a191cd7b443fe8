//! POST /v1/artifacts/{id}/versions/{version}/restore

use harness::{Person, Reply, Value, database, json, together};
use uuid::Uuid;

fn restore(artifact: &Reply, version: i32) -> String {
    format!("/v1/artifacts/{}/versions/{version}/restore", artifact.id())
}

/// An artifact with three versions: the first has two files, the second one of them changed, the third another alone.
async fn artifact(person: &Person, visibility: &str) -> Reply {
    let version = json!({
        "label": "first", "code_language": "javascript", "stats": {"tokens": 5}, "chat": ["said"], "session_id": "s-1",
        "files": [
            {"path": "a.js", "language": "javascript", "content": "1\n2\n3\n"}, {"path": "b.js", "content": "b\n"}
        ]
    });
    let body = json!({"title": "A clock", "visibility": visibility, "version": version});
    let artifact = person.post("/v1/artifacts", body).await.expect(201);
    let files = json!([
        {"path": "a.js", "language": "javascript", "content": "1\n2\nthree\n"}, {"path": "b.js", "content": "b\n"}
    ]);
    let _ = person.publish_files(&artifact.id(), files).await;
    let _ = person.publish_files(&artifact.id(), json!([{"path": "c.js", "content": "c\n"}])).await;
    artifact
}

/// The files of a version, but for their URLs.
fn files(version: &Value) -> &Vec<Value> {
    version["files"].as_array().expect("files")
}

#[tokio::test]
async fn what_a_version_had_is_the_newest_again() {
    let ada = Person::register().await;
    let artifact = artifact(&ada, "private").await;
    let versions = format!("/v1/artifacts/{}/versions", artifact.id());
    let etag = ada.get(&format!("/v1/artifacts/{}", artifact.id())).await.expect(200).etag();
    let blobs = "select count(*) from blobs where user_id = $1::text::uuid";
    let before = database::number(blobs, &[&ada.id()]).await;
    let made = ada.post_with(&restore(&artifact, 1), &[("if-match", &etag)], json!({})).await.expect(201);
    assert_eq!(made.header("location"), format!("{versions}/4"));
    let first = ada.get(&format!("{versions}/1")).await.expect(200).json;
    assert_eq!(files(&made.json), files(&first));
    for same in ["files_count", "size", "code_language", "stats"] {
        assert_eq!(made.json[same], first[same], "{same}");
    }
    for gone in ["label", "session_id", "chat", "credits_used_estimate"] {
        assert_eq!(made.json[gone], Value::Null, "{gone}");
    }
    assert_eq!((&made.json["version_index"], &made.json["summary"]), (&json!(4), &json!("Restore version 1")));
    assert_eq!(made.json["version_metadata"]["restored_from_id"], first["id"]);
    assert_eq!((&made.json["additions"], &made.json["deletions"]), (&json!(4), &json!(1)));
    let third = ada.get(&format!("{versions}/3")).await.expect(200).json;
    assert_eq!(made.json["parent_version_id"], third["id"]);
    assert_eq!(files(&third)[0]["content"], "c\n");
    assert_eq!(ada.get(&format!("{versions}/4")).await.expect(200).json, made.json);
    assert_eq!(database::number(blobs, &[&ada.id()]).await, before, "no bytes are copied");

    // Its ETag serves for the next one, and a version can be restored from what was restored.
    let said = json!({"summary": "Back", "label": "again"});
    let again = ada.post_with(&restore(&artifact, 2), &[("if-match", &made.etag())], said).await.expect(201);
    assert_eq!((&again.json["summary"], &again.json["label"]), (&json!("Back"), &json!("again")));
    assert_eq!(files(&again.json)[0]["content"], "1\n2\nthree\n");
    assert_eq!((&again.json["additions"], &again.json["deletions"]), (&json!(1), &json!(1)));
    let _ = ada.post_with(&restore(&artifact, 4), &[("if-match", &made.etag())], json!({})).await;
    let unchanged = ada.post_with(&restore(&artifact, 5), &[("if-match", "*")], json!({})).await.expect(201);
    assert_eq!(files(&unchanged.json), files(&again.json));
    assert_eq!((&unchanged.json["additions"], &unchanged.json["deletions"]), (&json!(0), &json!(0)));
    let indexes: Vec<Value> = ada.walk(&versions).await.iter().map(|item| item["version_index"].clone()).collect();
    assert_eq!(indexes, [6, 5, 4, 3, 2, 1]);
    for index in 1..=6 {
        let version = ada.get(&format!("{versions}/{index}")).await.expect(200).json;
        assert_eq!(version["files_count"], json!(files(&version).len()));
    }
}

#[tokio::test]
async fn bytes_and_languages_come_back_too() {
    let ada = Person::register().await;
    let bytes = Uuid::new_v4().as_bytes().repeat(20);
    let sha256 = ada.upload("artifact_file", "application/wasm", &bytes).await.json["blob"]["sha256"].clone();
    let files = json!([{"path": "a.wasm", "sha256": sha256}, {"path": "b", "language": "c", "content": "b"}]);
    let artifact = ada.post("/v1/artifacts", json!({"title": "t", "version": {"files": files}})).await.expect(201);
    let _ = ada.publish_files(&artifact.id(), json!([{"path": "b", "language": "d", "content": "b"}])).await;
    let made = ada.post_with(&restore(&artifact, 1), &[("if-match", "*")], json!({})).await.expect(201);
    assert_eq!((&made.json["files"][0]["sha256"], &made.json["files"][1]["language"]), (&sha256, &json!("c")));
    assert_eq!(ada.fetch(&made.json["files"][0]["url"]).await.expect(200).bytes, bytes);
    assert_eq!((&made.json["additions"], &made.json["deletions"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn of_many_restorations_upon_one_state_one_is_published() {
    let ada = Person::register().await;
    let artifact = artifact(&ada, "private").await;
    let etag = ada.get(&format!("/v1/artifacts/{}", artifact.id())).await.expect(200).etag();
    let replies = together((0..12).map(|index| {
        let (ada, path, etag) = (ada.clone(), restore(&artifact, index % 2 + 1), etag.clone());
        async move { ada.post_with(&path, &[("if-match", &etag)], json!({})).await }
    }))
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
    assert_eq!(made.len(), 1);
    for reply in refused {
        let _ = reply.expect_problem(412, "stale");
    }
    assert_eq!(ada.get(made[0].header("location")).await.expect(200).json, made[0].json);
}

#[tokio::test]
async fn what_is_not_ones_own_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    for visibility in ["private", "public"] {
        let artifact = artifact(&ada, visibility).await;
        let _ = bob
            .post_with(&restore(&artifact, 1), &[("if-match", "*")], json!({}))
            .await
            .expect_problem(404, "not_found");
        for missing in [0, 4, -1, i32::MAX] {
            let path = restore(&artifact, missing);
            let _ = ada.post_with(&path, &[("if-match", "*")], json!({})).await.expect_problem(404, "not_found");
        }
        let _ = ada.post(&restore(&artifact, 1), json!({})).await.expect_problem(428, "precondition_required");
        let stale = [("if-match", "\"0-0\"")];
        let _ = ada.post_with(&restore(&artifact, 1), &stale, json!({})).await.expect_problem(412, "stale");
        let _ = ada.delete(&format!("/v1/artifacts/{}", artifact.id())).await.expect(204);
        let _ = ada
            .post_with(&restore(&artifact, 1), &[("if-match", "*")], json!({}))
            .await
            .expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn what_is_said_of_it_has_limits() {
    let ada = Person::register().await;
    let artifact = artifact(&ada, "private").await;
    let path = restore(&artifact, 1);
    ada.expect_strict("POST", &path, json!({"summary": "Back"})).await;
    let wrong = [
        ("/summary", json!("")),
        ("/summary", json!("x".repeat(2001))),
        ("/summary", json!("\0")),
        ("/label", json!(7)),
        ("/label", json!("x".repeat(101))),
    ];
    ada.expect_invalid("POST", &path, &json!({"summary": "Back", "label": "b"}), &wrong).await;
    let malformed = format!("/v1/artifacts/{}/versions/one/restore", artifact.id());
    let reply = ada.send_text("POST", &malformed, "{}").await.expect_problem(400, "malformed");
    assert_eq!(reply.pointers(), ["/path/version"]);
}
