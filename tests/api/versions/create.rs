//! POST /v1/artifacts/{id}/versions

use harness::{Person, Reply, Value, database, json, together};
use shared::text::Sha256;
use uuid::Uuid;

fn versions(artifact: &Reply) -> String {
    format!("/v1/artifacts/{}/versions", artifact.id())
}

async fn publish(person: &Person, artifact: &Reply, etag: &str, files: Value) -> Reply {
    person.post_with(&versions(artifact), &[("if-match", etag)], json!({ "files": files })).await
}

fn file(path: &str, content: &str) -> Value {
    json!({"path": path, "content": content})
}

/// Lines that a version says were added and removed.
fn changes(version: &Reply) -> (i64, i64) {
    (version.json["additions"].as_i64().expect("a number"), version.json["deletions"].as_i64().expect("a number"))
}

async fn rows(artifact: &Reply) -> i64 {
    let query = "select count(*) from artifact_files where artifact_id = $1::text::uuid";
    database::number(query, &[&artifact.id()]).await
}

/// The indexes that a list of versions shows, newest first.
async fn indexes(person: &Person, artifact: &Reply) -> Vec<i64> {
    let items = person.walk(&format!("{}?limit=7", versions(artifact))).await;
    items.iter().map(|item| item["version_index"].as_i64().expect("a number")).collect()
}

#[tokio::test]
async fn a_version_becomes_the_newest() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("public", "draw();\n").await;
    let body = json!({
        "summary": "Hands", "label": "hands", "code_language": "javascript", "session_id": "s-2",
        "credits_used_estimate": 1.25, "stats": {"tokens": 5}, "chat": {"any": ["thing"]},
        "files": [
            {"path": "z.js", "content": "z();\n"},
            {"path": "clock.js", "language": "javascript", "content": "draw();\nhands();\n"}
        ]
    });
    let made = ada.post_with(&versions(&artifact), &[("if-match", &artifact.etag())], body.clone()).await.expect(201);
    assert_eq!(made.header("location"), format!("{}/2", versions(&artifact)));
    for field in ["summary", "label", "code_language", "session_id", "credits_used_estimate", "stats", "chat"] {
        assert_eq!(made.json[field], body[field], "{field}");
    }
    assert_eq!(made.json["artifact_id"], artifact.json["id"]);
    assert_eq!(made.json["version_index"], 2);
    assert_eq!(made.json["parent_version_id"], artifact.json["current_version_id"]);
    assert_eq!((&made.json["files_count"], &made.json["size"]), (&json!(2), &json!(22)));
    assert_eq!(made.json["version_metadata"]["title"], "A clock");
    assert_eq!(made.json["version_metadata"]["visibility"], "public");
    assert_eq!(
        made.json["files"][0],
        json!({
            "path": "clock.js", "sha256": Sha256::of(b"draw();\nhands();\n"), "size": 17, "language": "javascript",
            "content_type": "text/plain; charset=utf-8", "content": "draw();\nhands();\n", "url": null
        })
    );
    assert_eq!(made.json["files"][1]["path"], "z.js");
    assert_eq!(changes(&made), (2, 0));

    let read = ada.get(made.header("location")).await.expect(200);
    assert_eq!((&read.json, read.etag()), (&made.json, made.etag()));
    let now = ada.get(&format!("/v1/artifacts/{}", artifact.id())).await.expect(200);
    assert_eq!(now.json["current_version_id"], made.json["id"]);
    assert_eq!(now.json["current_version"]["version_index"], 2);
    assert_eq!(now.json["current_version"]["label"], "hands");
    assert_eq!(now.json["forks_count"], 0);
    // The version's ETag serves for the next one.
    let next = publish(&ada, &artifact, &made.etag(), json!([file("a", "a")])).await.expect(201);
    assert_eq!((&next.json["version_index"], &next.json["parent_version_id"]), (&json!(3), &made.json["id"]));
    let _ = publish(&ada, &artifact, &made.etag(), json!([file("a", "b")])).await.expect_problem(412, "stale");
}

#[tokio::test]
async fn the_first_version_may_come_later() {
    let ada = Person::register().await;
    let artifact = ada.post("/v1/artifacts", json!({"title": "A clock"})).await.expect(201);
    let made = publish(&ada, &artifact, &artifact.etag(), json!([file("a", "1\n2\n3")])).await.expect(201);
    assert_eq!((&made.json["version_index"], &made.json["parent_version_id"]), (&json!(1), &Value::Null));
    assert_eq!(changes(&made), (3, 0));
}

#[tokio::test]
async fn publishing_names_what_it_builds_upon() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "draw();\n").await;
    let body = json!({"files": [file("a", "a")]});
    let _ = ada.post(&versions(&artifact), body.clone()).await.expect_problem(428, "precondition_required");
    for stale in ["\"0-0\"", "nonsense"] {
        let _ = publish(&ada, &artifact, stale, json!([file("a", "a")])).await.expect_problem(412, "stale");
    }
    let _ = publish(&bob, &artifact, "*", json!([file("a", "a")])).await.expect_problem(404, "not_found");
    let _ = publish(&bob, &artifact, &artifact.etag(), json!([file("a", "a")])).await.expect_problem(404, "not_found");
    let nowhere = format!("/v1/artifacts/{}/versions", Uuid::now_v7());
    let _ = ada.post_with(&nowhere, &[("if-match", "*")], body.clone()).await.expect_problem(404, "not_found");
    assert_eq!(indexes(&ada, &artifact).await, [1]);
    let _ = publish(&ada, &artifact, "*", json!([file("a", "a")])).await.expect(201);
    assert_eq!(indexes(&ada, &artifact).await, [2, 1]);
}

#[tokio::test]
async fn of_many_versions_upon_one_state_one_is_published() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("private", "draw();\n").await;
    let replies = together((0..20).map(|index| {
        let (ada, path, etag) = (ada.clone(), versions(&artifact), artifact.etag());
        let body = json!({"files": [file("clock.js", &format!("by({index});\n"))]});
        async move { ada.post_with(&path, &[("if-match", &etag)], body).await }
    }))
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
    assert_eq!(made.len(), 1);
    for reply in refused {
        let _ = reply.expect_problem(412, "stale");
    }
    assert_eq!(indexes(&ada, &artifact).await, [2, 1]);
    assert_eq!(ada.get(&format!("{}/2", versions(&artifact))).await.expect(200).json, made[0].json);
    assert_eq!(rows(&artifact).await, 2);
}

/// Each round all publish upon the same state, and one gets through.
#[tokio::test]
async fn of_fifty_writers_one_gets_through_per_etag() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("private", "draw();\n").await;
    let mut etag = artifact.etag();
    for round in 2..=5 {
        let replies = together((0..50).map(|index| {
            let (ada, path, etag) = (ada.clone(), versions(&artifact), etag.clone());
            let body = json!({"files": [file("clock.js", &format!("by({index}, {round});\n"))]});
            async move { ada.post_with(&path, &[("if-match", &etag)], body).await }
        }))
        .await;
        let (made, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
        assert_eq!((made.len(), &made[0].json["version_index"]), (1, &json!(round)));
        for reply in refused {
            let _ = reply.expect_problem(412, "stale");
        }
        etag = made[0].etag();
    }
    assert_eq!(indexes(&ada, &artifact).await, [5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn writers_who_read_again_all_get_through_and_leave_no_gaps() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("private", "0\n").await;
    let path = format!("/v1/artifacts/{}", artifact.id());
    let published = together((0..5).map(|writer| {
        let (ada, path) = (ada.clone(), path.clone());
        async move {
            let mut published = Vec::new();
            let mut rounds = 0;
            while published.len() < 4 {
                rounds += 1;
                assert!(rounds < 200, "writer {writer} never gets through");
                let etag = ada.get(&path).await.expect(200).etag();
                let text = format!("by {writer}, its {}\n", published.len());
                let body = json!({"files": [file("clock.js", &text)]});
                let reply = ada.post_with(&format!("{path}/versions"), &[("if-match", &etag)], body).await;
                if reply.status == 412 {
                    continue;
                }
                published.push((reply.expect(201).json["version_index"].as_i64().expect("a number"), text));
            }
            published
        }
    }))
    .await;
    let mut published: Vec<(i64, String)> = published.into_iter().flatten().collect();
    published.sort();
    assert_eq!(published.iter().map(|version| version.0).collect::<Vec<_>>(), (2..=21).collect::<Vec<_>>());
    assert_eq!(indexes(&ada, &artifact).await, (1..=21).rev().collect::<Vec<_>>());
    let mut parent = artifact.json["current_version_id"].clone();
    for (index, text) in published {
        let version = ada.get(&format!("{path}/versions/{index}")).await.expect(200).json;
        assert_eq!((&version["files"][0]["content"], &version["parent_version_id"]), (&json!(text), &parent));
        assert_eq!((&version["additions"], &version["deletions"]), (&json!(1), &json!(1)));
        parent = version["id"].clone();
    }
}

#[tokio::test]
async fn writers_who_do_not_care_leave_no_gaps_either() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("private", "0\n").await;
    let replies = together((0..10).map(|index| {
        let (ada, path) = (ada.clone(), versions(&artifact));
        let body = json!({"files": [file("clock.js", &format!("{index}\n"))]});
        async move { ada.post_with(&path, &[("if-match", "*")], body).await }
    }))
    .await;
    let mut made = 0;
    for reply in replies {
        assert!([201, 412].contains(&reply.status), "{}", reply.json);
        made += i64::from(reply.status == 201);
    }
    assert!(made >= 1);
    assert_eq!(indexes(&ada, &artifact).await, (1..=made + 1).rev().collect::<Vec<_>>());
}

/// Publishing takes two flights, between which the artifact may go.
#[tokio::test]
async fn publishing_what_is_being_deleted_is_done_or_not_found() {
    let ada = Person::register().await;
    for _ in 0..12 {
        let artifact = ada.create_artifact("private", "draw();\n").await;
        let publishing = (0..4).map(|index| {
            let (ada, artifact_path) = (ada.clone(), versions(&artifact));
            let body = json!({"files": [file("new.js", &format!("{index}\n"))]});
            tokio::spawn(async move { ada.post_with(&artifact_path, &[("if-match", "*")], body).await })
        });
        let publishing: Vec<_> = publishing.collect();
        let _ = ada.delete(&format!("/v1/artifacts/{}", artifact.id())).await.expect(204);
        for reply in publishing {
            let reply = reply.await.expect("it did not panic");
            assert!([201, 404, 412].contains(&reply.status), "{}", reply.json);
        }
        let whole = "select count(*) from artifacts
            join artifact_files files on files.artifact_id = artifacts.id
            where artifacts.id = $1::text::uuid and files.first_index <= versions_count and files.last_index is null";
        assert_eq!(database::number(whole, &[&artifact.id()]).await, 1);
        let closed = "select count(*) from artifacts
            join artifact_files files on files.artifact_id = artifacts.id
            where artifacts.id = $1::text::uuid and files.last_index >= versions_count";
        assert_eq!(database::number(closed, &[&artifact.id()]).await, 0);
    }
}

#[tokio::test]
async fn uploaded_bytes_are_named_by_their_hash() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "draw();\n").await;
    let bytes: Vec<u8> = (0..=255).chain(*Uuid::new_v4().as_bytes()).collect();
    let sha256 = ada.upload("artifact_file", "application/wasm", &bytes).await.json["blob"]["sha256"].clone();
    let upper = sha256.as_str().expect("text").to_uppercase();
    let files = json!([file("clock.js", "draw();\n"), {"path": "a.wasm", "language": "wasm", "sha256": upper}]);
    let made = publish(&ada, &artifact, "*", files).await.expect(201);
    let wasm = &made.json["files"][0];
    assert_eq!((&wasm["sha256"], &wasm["size"], &wasm["content"]), (&sha256, &json!(272), &Value::Null));
    assert_eq!((&wasm["content_type"], &wasm["language"]), (&json!("application/wasm"), &json!("wasm")));
    assert_eq!(changes(&made), (0, 0));
    let version = bob.get(&format!("{}/2", versions(&artifact))).await.expect(200);
    assert_eq!(bob.fetch(&version.json["files"][0]["url"]).await.expect(200).bytes, bytes);

    for (files, pointer) in [
        (json!([{"path": "a", "sha256": sha256}]), "/files/0/sha256"),
        (json!([file("a", "a"), {"path": "b", "sha256": "0".repeat(64)}]), "/files/1/sha256"),
    ] {
        let own = bob.create_artifact("private", "draw();\n").await;
        let reply = publish(&bob, &own, "*", files).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), [pointer]);
        assert_eq!(indexes(&bob, &own).await, [1]);
    }
}

#[tokio::test]
async fn what_the_artifact_has_can_be_named_by_its_hash() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("private", "draw();\n").await;
    let _ = publish(&ada, &artifact, "*", json!([file("other.js", "other();\n")])).await.expect(201);
    let sha256 = Sha256::of(b"draw();\n");
    let files = json!([{"path": "clock.js", "sha256": sha256}, file("other.js", "other();\n")]);
    let made = publish(&ada, &artifact, "*", files).await.expect(201);
    assert_eq!(made.json["files"][0]["content"], "draw();\n");
    assert_eq!(made.json["files"][0]["sha256"], json!(sha256));
}

#[tokio::test]
async fn lines_are_counted_against_the_version_before() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("private", "a\nb\nc\n").await;
    let sha256 = Sha256::of(b"new\n");
    for (files, expected) in [
        (json!([file("clock.js", "a\nb\nc\n")]), (0, 0)),
        (json!([file("clock.js", "a\nB\nc\nd\n")]), (2, 1)),
        (json!([file("clock.js", "a\nB\nc\nd\n"), file("b.js", "new\n")]), (1, 0)),
        (json!([file("clock.js", "a\nB\nc\nd\n"), {"path": "b.js", "sha256": sha256}]), (0, 0)),
        (json!([file("moved.js", "a\nB\nc\nd\n"), file("b.js", "new\n")]), (4, 4)),
        (json!([file("b.js", "new\n")]), (0, 4)),
        (json!([file("b.js", "new")]), (1, 1)),
        (json!([file("b.js", "")]), (0, 1)),
        (json!([file("b.js", "\n\n")]), (2, 0)),
        (json!([{"path": "b.js", "language": "js", "content": "\n\n"}]), (0, 0)),
    ] {
        let made = publish(&ada, &artifact, "*", files.clone()).await.expect(201);
        assert_eq!(changes(&made), expected, "{files}");
    }
}

#[tokio::test]
async fn what_stays_the_same_costs_nothing() {
    let ada = Person::register().await;
    let text = format!("// {}\n{}", Uuid::new_v4(), "draw();\n".repeat(100));
    let files: Vec<Value> = (0..20).map(|index| file(&format!("{index}.js"), &format!("{index}{text}"))).collect();
    let body = json!({"title": "A clock", "version": {"files": files}});
    let artifact = ada.post("/v1/artifacts", body).await.expect(201);
    assert_eq!(rows(&artifact).await, 20);
    let blobs = "select count(*) from blobs where user_id = $1::text::uuid";
    assert_eq!(database::number(blobs, &[&ada.id()]).await, 20);

    let _ = publish(&ada, &artifact, "*", json!(files)).await.expect(201);
    assert_eq!(rows(&artifact).await, 20, "the same again");
    let mut changed = files.clone();
    changed[7] = file("7.js", "changed();\n");
    let _ = publish(&ada, &artifact, "*", json!(changed)).await.expect(201);
    assert_eq!(rows(&artifact).await, 21, "one changed");
    let _ = publish(&ada, &artifact, "*", json!(changed[1..])).await.expect(201);
    assert_eq!(rows(&artifact).await, 21, "one gone");
    let _ = publish(&ada, &artifact, "*", json!(files)).await.expect(201);
    assert_eq!(rows(&artifact).await, 23, "both back");
    assert_eq!(database::number(blobs, &[&ada.id()]).await, 21);
    let mut expected = Vec::new();
    for index in 1..=5 {
        let version = ada.get(&format!("{}/{index}", versions(&artifact))).await.expect(200);
        let seven = version.json["files"].as_array().expect("files").iter().find(|file| file["path"] == "7.js");
        expected.push((version.json["files_count"].clone(), seven.expect("there")["content"] == "changed();\n"));
    }
    let expected: Vec<(i64, bool)> =
        expected.into_iter().map(|(count, changed)| (count.as_i64().expect("a number"), changed)).collect();
    assert_eq!(expected, [(20, false), (20, false), (20, true), (19, true), (20, false)]);
}

#[tokio::test]
async fn text_is_stored_once_and_compressed() {
    let ada = Person::register().await;
    let text = format!("// {}\n{}", Uuid::new_v4(), "draw();\n".repeat(500));
    let same = json!([file("a.js", &text), file("b.js", &text)]);
    let artifact = ada.post("/v1/artifacts", json!({"title": "t", "version": {"files": same}})).await.expect(201);
    let _ = publish(&ada, &artifact, "*", json!([file("c.js", &text)])).await.expect(201);
    let _ = ada.post("/v1/artifacts", json!({"title": "t", "version": {"files": same}})).await.expect(201);
    let stored = database::behind()
        .await
        .query(
            "select encoding, length(content), size from blobs where user_id = $1::text::uuid and sha256 = $2",
            &[&ada.id(), &Sha256::of(text.as_bytes()).0.to_vec()],
        )
        .await
        .expect("works");
    assert_eq!(stored.len(), 1);
    let (encoding, length, size): (String, i32, i64) = (stored[0].get(0), stored[0].get(1), stored[0].get(2));
    assert_eq!((encoding.as_str(), size), ("zstd", i64::try_from(text.len()).expect("small")));
    assert!(i64::from(length) * 10 < size, "{length} bytes of {size}");
}

/// They weigh more than the patch that the text is kept as.
#[tokio::test]
async fn words_are_kept_of_what_newest_versions_have() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("public", "one\n").await;
    let words = async || {
        let words = "select count(*) from blob_words join blobs on blobs.id = blob_words.blob_id
            where blobs.user_id = $1::text::uuid";
        database::number(words, &[&ada.id()]).await
    };
    let _ = ada.publish(&artifact.id(), "two\n").await;
    assert_eq!(words().await, 1);
    // At another path, by its hash: no text comes of which they could be made anew.
    let sha256 = Sha256::of(b"two\n").to_string();
    let _ = ada.publish_files(&artifact.id(), json!([{"path": "moved.js", "sha256": sha256}])).await;
    assert_eq!(words().await, 1);
    let path = format!("/v1/artifacts/{}", artifact.id());
    let _ = ada.post(&format!("{path}/forks"), json!({})).await.expect(201);
    let _ = ada.publish(&artifact.id(), "three\n").await;
    assert_eq!(words().await, 2, "the fork has it still");
}

#[tokio::test]
async fn every_version_reads_back_byte_for_byte() {
    let ada = Person::register().await;
    let texts = ["", "no newline", "\r\n\t \n\n", "\u{feff}\u{0}\u{1}\u{10ffff}e\u{301}", "\u{202e}x", "a\rb\u{2028}c"];
    let artifact = ada.create_artifact("private", "first\n").await;
    for (index, text) in texts.iter().enumerate() {
        let also = format!("{index}\n{}", Uuid::new_v4());
        let files = json!([file("text", text), file("also", &also), file("ever", "the same")]);
        let made = publish(&ada, &artifact, "*", files).await.expect(201);
        assert_eq!(made.json["files"][2]["content"], *text);
    }
    for (index, text) in texts.iter().enumerate() {
        let version = ada.get(&format!("{}/{}", versions(&artifact), index + 2)).await.expect(200);
        let files = version.json["files"].as_array().expect("files");
        assert_eq!(files.iter().map(|file| &file["path"]).collect::<Vec<_>>(), ["also", "ever", "text"]);
        assert_eq!(files[2]["content"], *text);
        assert_eq!(files[2]["sha256"], json!(Sha256::of(text.as_bytes())));
        assert!(files[0]["content"].as_str().expect("text").starts_with(&format!("{index}\n")));
    }
    let first = ada.get(&format!("{}/1", versions(&artifact))).await.expect(200);
    assert_eq!(first.json["files"].as_array().map(Vec::len), Some(1));
    assert_eq!(first.json["files"][0]["content"], "first\n");
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("private", "draw();\n").await;
    let path = versions(&artifact);
    let whole = json!({"files": [file("a", "a")]});
    ada.expect_strict("POST", &path, whole.clone()).await;
    let hash = "0".repeat(64);
    let many: Vec<Value> = (0..501).map(|index| file(&index.to_string(), "")).collect();
    let mut wrong = vec![
        ("/files", json!([])),
        ("/files", json!({})),
        ("/files", Value::Null),
        ("/files", json!(many)),
        ("/files", json!([file("a", "1"), file("b", "2"), file("a", "3")])),
        ("/files", json!([file("a", "1"), file("a", "1")])),
        ("/files", json!([{"path": "a"}])),
        ("/files", json!([{"path": "a/b/c", "content": "a"}, {"path": "a/b", "content": "b"}])),
        ("/files", json!([{"path": "a", "content": null, "sha256": null}])),
        ("/files", json!([{"path": "a", "content": "a", "sha256": hash}])),
        ("/files", json!([file("a", &"x".repeat(1024 * 1024 + 1))])),
        ("/files/0", json!({"content": "a"})),
        ("/files/0/sha256", json!("00")),
        ("/files/0/sha256", json!("g".repeat(64))),
        ("/files/0/content", json!(7)),
        ("/files/0/language", json!("")),
        ("/files/0/mode", json!("0644")),
        ("/summary", json!("")),
        ("/summary", json!("x".repeat(2001))),
        ("/label", json!("\u{0}")),
        ("/session_id", json!("x".repeat(201))),
        ("/credits_used_estimate", json!(-0.5)),
        ("/stats", json!([])),
        ("/stats", json!({"\u{0}": 1})),
        ("/chat", json!("x".repeat(1024 * 1024))),
        ("/chat", json!({"a": "\u{0}"})),
        ("/version_index", json!(7)),
    ];
    let bad_paths = ["", "/a", "a/", "a//b", ".", "..", "../x", "a/../b", "./a", "a\\b", "a\u{0}", "a\nb"];
    wrong.extend(bad_paths.map(|path| ("/files/0/path", json!(path))));
    wrong.push(("/files/0/path", json!("x".repeat(513))));
    ada.expect_invalid("POST", &path, &whole, &wrong).await;
    assert_eq!(indexes(&ada, &artifact).await, [1]);
}
