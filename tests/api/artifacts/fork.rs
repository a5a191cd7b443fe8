//! POST /v1/artifacts/{id}/forks

use harness::{Person, Reply, Value, database, json, pictures, together};
use uuid::Uuid;

fn path(artifact: &Reply) -> String {
    format!("/v1/artifacts/{}", artifact.id())
}

async fn fork(person: &Person, artifact: &Reply, body: Value) -> Reply {
    person.post(&format!("{}/forks", path(artifact)), body).await
}

/// How many blobs a person owns.
async fn blobs_of(person: &Person) -> i64 {
    database::number("select count(*) from blobs where user_id = $1::text::uuid", &[&person.id()]).await
}

#[tokio::test]
async fn a_fork_is_an_artifact_of_ones_own() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let body = json!({
        "title": "A clock", "description": "It ticks.", "visibility": "public", "type": "game", "tool_name": "pencil",
        "metadata": {"a": 1}, "source_session": {"id": "run"}, "chat_history_public": true,
        "version": {
            "label": "one", "summary": "First", "chat": ["secret"], "stats": {"tokens": 1}, "session_id": "s",
            "files": [{"path": "clock.js", "language": "javascript", "content": "draw();\n"}]
        }
    });
    let source = ada.post("/v1/artifacts", body).await.expect(201);
    let made = fork(&bob, &source, json!({})).await.expect(201);
    assert_eq!(made.header("location"), path(&made));
    for field in ["title", "description", "type", "tool_name", "metadata"] {
        assert_eq!(made.json[field], source.json[field], "{field}");
    }
    assert_eq!((&made.json["visibility"], &made.json["source_session"]), (&json!("private"), &Value::Null));
    assert_eq!(made.json["owner_user_id"], bob.id());
    for field in ["forked_from_id", "origin_artifact_id"] {
        assert_eq!(made.json[field], source.json["id"], "{field}");
    }
    for field in ["forked_from_owner_user_id", "origin_owner_user_id"] {
        assert_eq!(made.json[field], ada.id(), "{field}");
    }
    assert_eq!(made.json["forked_from_version_id"], source.json["current_version_id"]);
    assert_eq!(made.json["forked_from_version_label"], "one");
    assert_ne!(made.json["current_version_id"], source.json["current_version_id"]);
    assert_eq!(made.json["forks_count"], 0);

    let version = bob.get(&format!("{}/versions/1", path(&made))).await.expect(200);
    assert_eq!(version.json["files"][0]["content"], "draw();\n");
    assert_eq!(version.json["files"][0]["language"], "javascript");
    assert_eq!((&version.json["summary"], &version.json["label"]), (&json!("First"), &json!("one")));
    assert_eq!((&version.json["additions"], &version.json["deletions"]), (&json!(0), &json!(0)));
    assert_eq!(version.json["chat"], Value::Null, "the chat is its owner's, however public");
    assert_eq!(bob.get(&path(&made)).await.expect(200).json, made.json);
    let _ = ada.get(&path(&made)).await.expect_problem(404, "not_found");
    assert_eq!(ada.get(&path(&source)).await.expect(200).json["forks_count"], 1);
}

#[tokio::test]
async fn title_visibility_and_version_can_differ() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let source = ada.create_artifact("public", "one\n").await;
    let _ = ada.publish(&source.id(), "two\n").await;
    let _ = ada.publish(&source.id(), "three\n").await;
    for (body, text, label) in [
        (json!({"version": 1}), "one\n", "v1"),
        (json!({"version": 2, "title": "Mine", "visibility": "public"}), "two\n", "v2"),
        (json!({"version": 3}), "three\n", "v3"),
        (json!({"version": null, "title": null, "visibility": null}), "three\n", "v3"),
    ] {
        let made = fork(&bob, &source, body.clone()).await.expect(201);
        assert_eq!(made.json["forked_from_version_label"], label);
        assert_eq!(made.json["title"], body.get("title").and_then(Value::as_str).unwrap_or("A clock"));
        assert_eq!(made.json["visibility"], body.get("visibility").and_then(Value::as_str).unwrap_or("private"));
        let files = bob.get(&format!("{}/versions/1", path(&made))).await.expect(200).json["files"].clone();
        assert_eq!((&files[0]["content"], files.as_array().map(Vec::len)), (&json!(text), Some(1)));
        let _ = bob.get(&format!("{}/versions/2", path(&made))).await.expect_problem(404, "not_found");
    }
    for version in [4, u32::MAX] {
        let _ = fork(&bob, &source, json!({"version": version})).await.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn no_bytes_are_copied() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let bytes = Uuid::new_v4().as_bytes().to_vec();
    let binary = ada.upload("artifact_file", "application/octet-stream", &bytes).await;
    let sha256 = &binary.json["blob"]["sha256"];
    let body = json!({"title": "A clock", "visibility": "public", "version": {"files": [
        {"path": "a.js", "content": format!("// {}\n", Uuid::new_v4())}, {"path": "b.bin", "sha256": sha256}
    ]}});
    let source = ada.post("/v1/artifacts", body).await.expect(201);
    let before = blobs_of(&ada).await;
    let made = fork(&bob, &source, json!({})).await.expect(201);
    assert_eq!((blobs_of(&ada).await, blobs_of(&bob).await), (before, 0));
    let again = fork(&bob, &made, json!({})).await.expect(201);
    assert_eq!((blobs_of(&ada).await, blobs_of(&bob).await), (before, 0));

    // What came with the fork can be named in it again, beside what is new.
    let files = json!([{"path": "moved/b.bin", "sha256": sha256}, {"path": "c.js", "content": "new();\n"}]);
    let published = bob.publish_files(&again.id(), files).await;
    assert_eq!(published.json["files"][1]["sha256"], *sha256);
    assert_eq!(bob.fetch(&published.json["files"][1]["url"]).await.expect(200).bytes, bytes);
    assert_eq!(blobs_of(&bob).await, 1);
    // But it is the fork's, not the forker's: elsewhere it cannot be named.
    let body = json!({"title": "t", "version": {"files": [{"path": "b", "sha256": sha256}]}});
    let reply = bob.post("/v1/artifacts", body).await.expect_problem(422, "invalid_reference");
    assert_eq!(reply.pointers(), ["/version/files/0/sha256"]);
}

#[tokio::test]
async fn the_text_of_a_fork_can_be_republished_and_changed() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let text = format!("// {}\n", Uuid::new_v4());
    let source = ada.create_artifact("public", &text).await;
    let made = fork(&bob, &source, json!({})).await.expect(201);
    let files =
        json!([{"path": "clock.js", "language": "javascript", "content": text}, {"path": "b.js", "content": text}]);
    let published = bob.publish_files(&made.id(), files).await;
    assert_eq!((&published.json["version_index"], &published.json["additions"]), (&json!(2), &json!(1)));
    assert_eq!(blobs_of(&bob).await, 0);
    assert_eq!(
        ada.get(&format!("{}/versions", path(&source))).await.expect(200).json["items"].as_array().map(Vec::len),
        Some(1)
    );
}

#[tokio::test]
async fn forks_are_counted_exactly() {
    let ada = Person::register().await;
    let source = ada.create_artifact("public", "draw();\n").await;
    let people = together((0..6).map(|_| Person::register())).await;
    let replies = together((0..30).map(|index| {
        let (person, path) = (people[index % people.len()].clone(), format!("{}/forks", path(&source)));
        async move { person.post(&path, json!({})).await }
    }))
    .await;
    for reply in replies {
        let _ = reply.expect(201);
    }
    let read = ada.get(&path(&source)).await.expect(200);
    assert_eq!(read.json["forks_count"], 30);
    let _ = ada.patch(&path(&source), &source.etag(), json!({"title": "A watch"})).await.expect(200);
}

#[tokio::test]
async fn a_fork_of_a_fork_keeps_the_origin() {
    let (ada, bob, eve) = (Person::register().await, Person::register().await, Person::register().await);
    let source = ada.create_artifact("public", "draw();\n").await;
    let first = fork(&bob, &source, json!({"visibility": "public"})).await.expect(201);
    let second = fork(&eve, &first, json!({})).await.expect(201);
    assert_eq!(
        (&second.json["forked_from_id"], &second.json["origin_artifact_id"]),
        (&first.json["id"], &source.json["id"])
    );
    assert_eq!(second.json["forked_from_owner_user_id"], bob.id());
    assert_eq!(second.json["origin_owner_user_id"], ada.id());
    assert_eq!(ada.get(&path(&source)).await.expect(200).json["forks_count"], 1);
    assert_eq!(bob.get(&path(&first)).await.expect(200).json["forks_count"], 1);
}

#[tokio::test]
async fn deleting_the_source_leaves_the_fork_whole() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let bytes = Uuid::new_v4().as_bytes().to_vec();
    let binary = ada.upload("artifact_file", "application/octet-stream", &bytes).await;
    let picture = pictures::png(64, 48);
    let screenshot = ada.upload("screenshot", "image/png", &picture).await.id();
    let body = json!({"title": "A clock", "visibility": "public", "version": {"files": [
        {"path": "a.js", "content": "draw();\n"}, {"path": "b.bin", "sha256": binary.json["blob"]["sha256"]}
    ]}});
    let source = ada.post("/v1/artifacts", body).await.expect(201);
    let media = json!({ "screenshot": screenshot });
    let _ = ada.send_with("PUT", &format!("{}/media", path(&source)), &[("if-match", "*")], media).await.expect(200);
    let made = fork(&bob, &source, json!({})).await.expect(201);
    let _ = ada.delete(&path(&source)).await.expect(204);

    let read = bob.get(&path(&made)).await.expect(200).json;
    let mut expected = made.json.clone();
    for field in [
        "forked_from_id",
        "forked_from_owner_user_id",
        "forked_from_version_id",
        "forked_from_version_label",
        "origin_artifact_id",
        "origin_owner_user_id",
    ] {
        expected[field] = Value::Null;
    }
    assert_eq!(read, expected, "whole, and says nothing of what is hidden");
    assert_eq!(bob.fetch(&read["media"]["screenshot"]["url"]).await.expect(200).bytes, picture);
    let files = bob.get(&format!("{}/versions/1", path(&made))).await.expect(200).json["files"].clone();
    assert_eq!(files[0]["content"], "draw();\n");
    assert_eq!(bob.fetch(&files[1]["url"]).await.expect(200).bytes, bytes);
}

#[tokio::test]
async fn ones_own_can_be_forked_and_a_picture_comes_along_only_with_what_it_shows() {
    let ada = Person::register().await;
    let source = ada.create_artifact("private", "one\n").await;
    let _ = ada.publish(&source.id(), "two\n").await;
    let media = json!({"screenshot": ada.upload("screenshot", "image/png", &pictures::png(9, 9)).await.id()});
    let shown =
        ada.send_with("PUT", &format!("{}/media", path(&source)), &[("if-match", "*")], media).await.expect(200);
    assert_eq!(fork(&ada, &source, json!({})).await.expect(201).json["media"], shown.json);
    let old = fork(&ada, &source, json!({"version": 1})).await.expect(201);
    assert_eq!(old.json["media"], json!({"screenshot": null, "thumb": null, "small": null}));
}

#[tokio::test]
async fn what_cannot_be_seen_cannot_be_forked() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let private = ada.create_artifact("private", "draw();\n").await;
    let _ = fork(&bob, &private, json!({})).await.expect_problem(404, "not_found");
    assert_eq!(ada.get(&path(&private)).await.expect(200).json["forks_count"], 0);
    let nowhere = format!("/v1/artifacts/{}/forks", Uuid::now_v7());
    let _ = bob.post(&nowhere, json!({})).await.expect_problem(404, "not_found");
    let empty = ada.post("/v1/artifacts", json!({"title": "Empty", "visibility": "public"})).await.expect(201);
    let _ = fork(&bob, &empty, json!({})).await.expect_problem(404, "not_found");
    assert!(bob.walk("/v1/artifacts?owner=me").await.is_empty());
}

#[tokio::test]
async fn earlier_versions_can_be_kept_to_oneself() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let source = ada.create_artifact("public", "one\n").await;
    let _ = ada.publish(&source.id(), "two\n").await;
    let _ = ada.patch(&path(&source), "*", json!({"versioning_enabled": false})).await.expect(200);
    let _ = fork(&bob, &source, json!({"version": 1})).await.expect_problem(404, "not_found");
    let made = fork(&bob, &source, json!({"version": 2})).await.expect(201);
    let files = bob.get(&format!("{}/versions/1", path(&made))).await.expect(200).json["files"].clone();
    assert_eq!(files[0]["content"], "two\n");
    let own = fork(&ada, &source, json!({"version": 1})).await.expect(201);
    let files = ada.get(&format!("{}/versions/1", path(&own))).await.expect(200).json["files"].clone();
    assert_eq!(files[0]["content"], "one\n");
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let source = ada.create_artifact("public", "draw();\n").await;
    let path = format!("{}/forks", path(&source));
    ada.expect_strict("POST", &path, json!({"title": "Mine"})).await;
    let wrong = [
        ("/title", json!("")),
        ("/title", json!("\u{0}")),
        ("/visibility", json!("secret")),
        ("/version", json!("1")),
        ("/version", json!(1.5)),
        ("/version", json!(u64::MAX)),
        ("/version", json!(0)),
        ("/version", json!(-1)),
    ];
    ada.expect_invalid("POST", &path, &json!({}), &wrong).await;
    assert_eq!(ada.get(&path).await.expect(200).json["items"], json!([]));
}

/// A fork is made in steps, between which its source may go out of sight.
#[tokio::test]
async fn a_fork_is_whole_or_not_at_all_while_its_source_comes_and_goes() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let source = ada.create_artifact("public", "draw();\n").await;
    let flips = {
        let (ada, path) = (ada.clone(), path(&source));
        tokio::spawn(async move {
            for index in 0..60 {
                let body = json!({"visibility": if index % 2 == 0 { "private" } else { "public" }});
                let _ = ada.patch(&path, "*", body).await.expect(200);
            }
        })
    };
    let forks = (0..4).map(|_| {
        let (bob, path) = (bob.clone(), format!("{}/forks", path(&source)));
        async move {
            for _ in 0..20 {
                let reply = bob.post(&path, json!({})).await;
                assert!([201, 404].contains(&reply.status), "{}", reply.json);
            }
        }
    });
    together(forks).await;
    flips.await.expect("it did not panic");
    for made in bob.walk("/v1/artifacts?owner=me&limit=100").await {
        let version = bob.get(&format!("/v1/artifacts/{}/versions/1", made["id"].as_str().expect("an id"))).await;
        assert_eq!(version.expect(200).json["files"][0]["content"], "draw();\n");
    }
}
