//! GET /v1/artifacts/{id}/diff

use harness::{Person, Reply, Value, json};
use shared::text::Sha256;
use uuid::Uuid;

fn path(artifact: &Reply) -> String {
    format!("/v1/artifacts/{}", artifact.id())
}

async fn diff(person: &Person, artifact: &Reply, query: &str) -> Reply {
    person.get(&format!("{}/diff{query}", path(artifact))).await
}

async fn diff_text(person: &Person, artifact: &Reply, query: &str) -> String {
    let request = person.request("GET", &format!("{}/diff{query}", path(artifact))).header("accept", "text/x-diff");
    let reply = Reply::to(request).await.expect(200);
    assert_eq!(reply.header("content-type"), "text/x-diff; charset=utf-8");
    String::from_utf8(reply.bytes).expect("UTF-8")
}

fn file(path: &str, content: &str) -> Value {
    json!({"path": path, "content": content})
}

/// The paths and what happened to them.
fn statuses(reply: &Reply) -> Vec<(&str, &str)> {
    let files = reply.json["files"].as_array().expect("files");
    files
        .iter()
        .map(|file| (file["path"].as_str().expect("a path"), file["status"].as_str().expect("a status")))
        .collect()
}

async fn publish_all(person: &Person, versions: &[Value]) -> Reply {
    let body = json!({"title": "A clock", "visibility": "public", "version": {"files": versions[0]}});
    let artifact = person.post("/v1/artifacts", body).await.expect(201);
    for files in &versions[1..] {
        let _ = person.publish_files(&artifact.id(), files.clone()).await;
    }
    artifact
}

#[tokio::test]
async fn what_changed_is_shown_by_lines_and_words() {
    let (ada, nobody) = (Person::register().await, Person::anonymous());
    let artifact = publish_all(
        &ada,
        &[
            json!([
                file("a.js", "one\nlet width = 10;\nthree\nfour\nfive\nsix"),
                file("gone.js", "x\n"),
                file("same", "s")
            ]),
            json!([
                file("a.js", "one\nlet height = 10;\nthree\nfour\nfive\nsix\n"),
                file("new.js", "y\nz\n"),
                file("same", "s")
            ]),
        ],
    )
    .await;
    let reply = diff(&nobody, &artifact, "?from=1&to=2&context=1").await.expect(200);
    let name = |text: &str| json!({"sha256": Sha256::of(text.as_bytes()), "size": text.len()});
    assert_eq!(reply.header("vary"), "accept");
    assert_eq!(
        reply.json,
        json!({
            "from": 1, "to": 2, "from_artifact_id": artifact.id(), "to_artifact_id": artifact.id(),
            "additions": 4, "deletions": 3,
            "files": [
                {
                    "path": "a.js", "old_path": null, "status": "changed", "language": null, "additions": 2, "deletions": 2,
                    "old": name("one\nlet width = 10;\nthree\nfour\nfive\nsix"),
                    "new": name("one\nlet height = 10;\nthree\nfour\nfive\nsix\n"),
                    "hunks": [
                        {
                            "old_start": 1, "old_lines": 3, "new_start": 1, "new_lines": 3,
                            "lines": [" one", "-let width = 10;", "+let height = 10;", " three"],
                            "words": [{"old": 1, "new": 2, "segments": [" let ", "-width", "+height", "  = 10;"]}]
                        },
                        {
                            "old_start": 5, "old_lines": 2, "new_start": 5, "new_lines": 2,
                            "lines": [" five", "-six", "\\ No newline at end of file", "+six"], "words": []
                        }
                    ]
                },
                {
                    "path": "gone.js", "old_path": null, "status": "removed", "language": null, "additions": 0,
                    "deletions": 1, "old": name("x\n"), "new": null,
                    "hunks": [{"old_start": 1, "old_lines": 1, "new_start": 0, "new_lines": 0, "lines": ["-x"], "words": []}]
                },
                {
                    "path": "new.js", "old_path": null, "status": "added", "language": null, "additions": 2,
                    "deletions": 0, "old": null, "new": name("y\nz\n"),
                    "hunks": [{"old_start": 0, "old_lines": 0, "new_start": 1, "new_lines": 2, "lines": ["+y", "+z"], "words": []}]
                }
            ]
        })
    );
    // The newest against the one before, where nothing is said; the same numbers as the version has itself.
    let default = diff(&ada, &artifact, "").await.expect(200);
    let version = ada.get(&format!("{}/versions/2", path(&artifact))).await.expect(200).json;
    for field in ["additions", "deletions"] {
        assert_eq!((&default.json[field], &default.json["from"]), (&version[field], &json!(1)));
    }
    let reversed = diff(&ada, &artifact, "?from=2&to=1&path=new.js").await.expect(200);
    assert_eq!(statuses(&reversed), [("new.js", "removed")]);
    assert_eq!(diff(&ada, &artifact, "?from=2&to=2").await.expect(200).json["files"], json!([]));
}

#[tokio::test]
async fn a_first_version_is_all_new() {
    let ada = Person::register().await;
    let artifact = publish_all(&ada, &[json!([file("a", "1\n2\n")])]).await;
    for query in ["", "?to=1"] {
        let reply = diff(&ada, &artifact, query).await.expect(200);
        assert_eq!((&reply.json["from"], &reply.json["additions"]), (&Value::Null, &json!(2)));
        assert_eq!(statuses(&reply), [("a", "added")]);
    }
    let empty = ada.post("/v1/artifacts", json!({"title": "Empty"})).await.expect(201);
    let _ = diff(&ada, &empty, "").await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn the_text_is_what_git_writes() {
    let ada = Person::register().await;
    let artifact = publish_all(
        &ada,
        &[
            json!([file("a b.js", "one\r\ntwo"), file("old/name.js", "kept\n"), file("z", "z\n"), file("empty", "")]),
            json!([
                file("a b.js", "one\r\n2\r\n"),
                file("new/\u{fc}.js", "kept\n"),
                file("b", "b\n"),
                file("also empty", "")
            ]),
        ],
    )
    .await;
    let expected = "\
diff --git a/empty b/empty
deleted file mode 100644
index e69de29..0000000
diff --git a/z b/z
deleted file mode 100644
--- a/z
+++ /dev/null
@@ -1 +0,0 @@
-z
diff --git \"a/a b.js\" \"b/a b.js\"
--- \"a/a b.js\"
+++ \"b/a b.js\"
@@ -1,2 +1,2 @@
 one\r
-two
\\ No newline at end of file
+2\r
diff --git \"a/also empty\" \"b/also empty\"
new file mode 100644
index 0000000..e69de29
diff --git a/b b/b
new file mode 100644
--- /dev/null
+++ b/b
@@ -0,0 +1 @@
+b
diff --git a/old/name.js \"b/new/\\303\\274.js\"
similarity index 100%
rename from old/name.js
rename to \"new/\\303\\274.js\"
";
    assert_eq!(diff_text(&ada, &artifact, "?context=3").await, expected);
    let json = diff(&ada, &artifact, "").await.expect(200);
    assert_eq!(json.json["files"][4]["old_path"], "old/name.js");
    assert_eq!(
        statuses(&json),
        [
            ("a b.js", "changed"),
            ("also empty", "added"),
            ("b", "added"),
            ("empty", "removed"),
            ("new/\u{fc}.js", "renamed"),
            ("z", "removed")
        ]
    );
    // JSON for who wants it rather, or anything.
    for accept in ["text/x-diff;q=0.1, application/json", "*/*", "text/html"] {
        let request = ada.request("GET", &format!("{}/diff", path(&artifact))).header("accept", accept);
        let reply = Reply::to(request).await.expect(200);
        assert_eq!((reply.header("content-type"), &reply.json), ("application/json", &json.json), "{accept}");
    }
    let etag = json.etag();
    let again =
        ada.send_with("GET", &format!("{}/diff", path(&artifact)), &[("if-none-match", &etag)], json!({})).await;
    let _ = again.expect(304);
    let text = [("if-none-match", etag.as_str()), ("accept", "text/x-diff")];
    let _ = ada.send_with("GET", &format!("{}/diff", path(&artifact)), &text, json!({})).await.expect(200);
}

#[tokio::test]
async fn what_is_not_text_is_shown_by_size_and_hash() {
    let ada = Person::register().await;
    let mut names = Vec::new();
    for _ in 0..2 {
        let bytes = Uuid::new_v4().as_bytes().to_vec();
        names
            .push(ada.upload("artifact_file", "application/octet-stream", &bytes).await.json["blob"]["sha256"].clone());
    }
    let artifact = publish_all(
        &ada,
        &[
            json!([{"path": "a.bin", "sha256": names[0]}, file("nul", "a\u{0}b\n"), file("text", "a\n")]),
            json!([{"path": "a.bin", "sha256": names[1]}, file("nul", "a\u{0}c\n"), {"path": "text", "sha256": names[0]}]),
        ],
    )
    .await;
    let reply = diff(&ada, &artifact, "").await.expect(200);
    assert_eq!(statuses(&reply), [("a.bin", "changed"), ("nul", "changed"), ("text", "changed")]);
    for file in reply.json["files"].as_array().expect("files") {
        assert_eq!((&file["hunks"], &file["additions"]), (&Value::Null, &json!(0)));
    }
    let binary = &reply.json["files"][0];
    assert_eq!(
        (&binary["old"], &binary["new"]),
        (&json!({"sha256": names[0], "size": 16}), &json!({"sha256": names[1], "size": 16}))
    );
    assert_eq!(
        diff_text(&ada, &artifact, "").await,
        "Binary files a/a.bin and b/a.bin differ\nBinary files a/nul and b/nul differ\nBinary files a/text and b/text differ\n"
    );
}

#[tokio::test]
async fn a_fork_is_compared_with_its_source_and_the_other_way_round() {
    let (ada, bob, eve) = (Person::register().await, Person::register().await, Person::register().await);
    let source = publish_all(&ada, &[json!([file("a", "1\n")]), json!([file("a", "1\n2\n")])]).await;
    let fork = bob.post(&format!("{}/forks", path(&source)), json!({"version": 1})).await.expect(201);
    let _ = bob.publish_files(&fork.id(), json!([file("a", "1\n"), file("b", "b\n")])).await;
    let reply = diff(&bob, &fork, &format!("?from_artifact={}", source.id())).await.expect(200);
    assert_eq!((&reply.json["from"], &reply.json["to"]), (&json!(2), &json!(2)));
    assert_eq!(
        (&reply.json["from_artifact_id"], &reply.json["to_artifact_id"]),
        (&json!(source.id()), &json!(fork.id()))
    );
    assert_eq!(statuses(&reply), [("a", "changed"), ("b", "added")]);
    let reply = diff(&bob, &fork, &format!("?from_artifact={}&from=1&to=1", source.id())).await.expect(200);
    assert_eq!(reply.json["files"], json!([]));
    let reply = diff(&bob, &source, &format!("?from_artifact={}&to=1", fork.id())).await.expect(200);
    assert_eq!(statuses(&reply), [("b", "removed")]);
    // The same text, written anew by another: other bytes of the same name.
    let _ = bob.publish_files(&fork.id(), json!([file("a", "1\n2\n")])).await;
    assert_eq!(
        diff(&bob, &fork, &format!("?from_artifact={}", source.id())).await.expect(200).json["files"],
        json!([])
    );
    let itself = diff(&bob, &fork, &format!("?from_artifact={}", fork.id())).await.expect(200);
    assert_eq!(itself.json["from"], 2);
    // A fork of the fork is related too; what is neither is not.
    let _ = bob.patch(&path(&fork), "*", json!({"visibility": "public"})).await.expect(200);
    let second = eve.post(&format!("{}/forks", path(&fork)), json!({})).await.expect(201);
    let _ = diff(&eve, &second, &format!("?from_artifact={}", source.id())).await.expect(200);
    let other = publish_all(&ada, &[json!([file("a", "1\n")])]).await;
    let reply =
        diff(&bob, &fork, &format!("?from_artifact={}", other.id())).await.expect_problem(422, "invalid_reference");
    assert_eq!(reply.pointers(), ["/query/from_artifact"]);
}

#[tokio::test]
async fn what_cannot_be_seen_is_not_compared() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let source = publish_all(&ada, &[json!([file("a", "1\n")]), json!([file("a", "2\n")])]).await;
    let fork = bob.post(&format!("{}/forks", path(&source)), json!({})).await.expect(201);
    // Versions that there are not.
    for query in ["?from=3", "?to=3", "?from=1&to=2147483647", "?from=4294967295"] {
        let _ = diff(&ada, &source, query).await.expect_problem(404, "not_found");
    }
    for (person, from) in [(&ada, fork.id()), (&bob, Uuid::now_v7().to_string())] {
        let _ = diff(person, &source, &format!("?from_artifact={from}")).await.expect_problem(404, "not_found");
    }
    let _ = diff(&ada, &fork, "").await.expect_problem(404, "not_found");
    let with_source = format!("?from_artifact={}", source.id());
    let _ = diff(&bob, &fork, &with_source).await.expect(200);

    // Versions that are the owner's alone.
    let _ = ada.patch(&path(&source), "*", json!({"versioning_enabled": false})).await.expect(200);
    for person in [&bob, &Person::anonymous()] {
        for query in ["", "?from=1", "?from=1&to=2", "?to=1", "?from=2&to=1"] {
            let _ = diff(person, &source, query).await.expect_problem(404, "not_found");
        }
        assert_eq!(diff(person, &source, "?from=2&to=2").await.expect(200).json["files"], json!([]));
    }
    let _ = diff(&bob, &fork, &format!("{with_source}&from=1")).await.expect_problem(404, "not_found");
    let _ = diff(&bob, &fork, &with_source).await.expect(200);
    assert_eq!(statuses(&diff(&ada, &source, "").await.expect(200)), [("a", "changed")]);

    let _ = ada.patch(&path(&source), "*", json!({"visibility": "private"})).await.expect(200);
    let _ = diff(&bob, &fork, &with_source).await.expect_problem(404, "not_found");
    let _ = diff(&bob, &source, "").await.expect_problem(404, "not_found");
    let _ = ada.patch(&path(&source), "*", json!({"visibility": "public"})).await.expect(200);
    let _ = ada.delete(&path(&source)).await.expect(204);
    let _ = diff(&bob, &fork, &with_source).await.expect_problem(404, "not_found");
    let _ = diff(&ada, &source, "").await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let ada = Person::register().await;
    let artifact = publish_all(&ada, &[json!([file("a", "1\n")])]).await;
    for (query, pointer) in [
        ("from=0", "/query/from"),
        ("from=one", "/query/from"),
        ("to=-1", "/query/to"),
        ("to=4294967296", "/query/to"),
        ("from_artifact=7", "/query/from_artifact"),
        ("context=101", "/query/context"),
        ("context=256", "/query/context"),
        ("context=-1", "/query/context"),
        ("path=../a", "/query/path"),
        ("words=1", "/query/words"),
    ] {
        let reply = diff(&ada, &artifact, &format!("?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer], "{query}");
    }
    assert_eq!(diff(&ada, &artifact, "?path=nowhere&context=100").await.expect(200).json["files"], json!([]));
}

#[tokio::test]
async fn more_than_one_request_can_do_is_refused_and_one_file_is_not() {
    let ada = Person::register().await;
    let line = "x".repeat(1023);
    let text = |index: usize| format!("{index}\n{}", format!("{line}\n").repeat(1000));
    let versions: Vec<Value> = (0..3)
        .map(|version| (0..4).map(|index| file(&index.to_string(), &text(10 * version + index))).collect())
        .collect();
    let artifact = publish_all(&ada, &versions).await;
    assert_eq!(diff(&ada, &artifact, "?from=1&to=3").await.expect(200).json["additions"], 4);
    // All new: 4 MB of text is one reply.
    assert_eq!(diff(&ada, &artifact, "?to=1").await.expect(200).json["additions"], 4004);
    // What a reply would say can be more than it is made of.
    let escaped = "\"\u{1}".repeat(300_000);
    let artifact = publish_all(&ada, &[json!([file("a", &escaped)]), json!([file("a", "b")])]).await;
    let _ = diff(&ada, &artifact, "?to=1").await.expect(200);
    let artifact = publish_all(&ada, &[json!([file("a", &escaped), file("b", &escaped), file("c", "c")])]).await;
    let reply = diff(&ada, &artifact, "").await.expect_problem(422, "too_much");
    assert!(reply.json["detail"].as_str().expect("text").contains("bytes"));
    let _ = diff(&ada, &artifact, "?path=c").await.expect(200);
    // Short lines are many.
    let lines = "\n".repeat(150_000);
    let other = format!("{lines}\n");
    let artifact = publish_all(&ada, &[json!([file("a", &lines)]), json!([file("a", &other)])]).await;
    let _ = diff(&ada, &artifact, "").await.expect_problem(422, "too_much");
    // More text than is compared at once: versions that grew by what they took over.
    let name = |index: usize| json!({"path": format!("old {index}"), "sha256": Sha256::of(text(index).as_bytes())});
    let files: Vec<Value> = (0..4).map(|index| file(&format!("old {index}"), &text(index))).collect();
    let artifact = publish_all(&ada, &[json!([file("a", "a")]), json!(files)]).await;
    let mut files: Vec<Value> = (0..4).map(name).collect();
    for round in 1..3 {
        files.extend((0..4).map(|index| file(&format!("{round} {index}"), &text(100 * round + index))));
        let _ = ada.publish_files(&artifact.id(), json!(files)).await;
        files = files
            .iter()
            .map(|file| match file["content"].as_str() {
                Some(text) => json!({"path": file["path"], "sha256": Sha256::of(text.as_bytes())}),
                None => file.clone(),
            })
            .collect();
    }
    let _ = diff(&ada, &artifact, "?from=1&to=4").await.expect_problem(422, "too_much");
    assert_eq!(diff(&ada, &artifact, "?from=1&to=4&path=2%203").await.expect(200).json["additions"], 1001);
}
