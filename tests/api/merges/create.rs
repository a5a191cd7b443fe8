//! POST /v1/artifacts/{id}/merges

use harness::{Person, Reply, Value, database, json, together};
use shared::text::Sha256;
use uuid::Uuid;

fn path(artifact: &Reply) -> String {
    format!("/v1/artifacts/{}", artifact.id())
}

fn file(path: &str, content: &str) -> Value {
    json!({"path": path, "content": content})
}

async fn publish_new(person: &Person, files: Value) -> Reply {
    let body =
        json!({"title": "A clock", "visibility": "public", "version": {"code_language": "javascript", "files": files}});
    person.post("/v1/artifacts", body).await.expect(201)
}

async fn fork(person: &Person, source: &Reply, body: Value) -> Reply {
    person.post(&format!("{}/forks", path(source)), body).await.expect(201)
}

async fn merge(person: &Person, fork: &Reply, body: Value) -> Reply {
    person.post_with(&format!("{}/merges", path(fork)), &[("if-match", "*")], body).await
}

/// Paths and texts of a version.
fn texts(version: &Reply) -> Vec<(&str, &str)> {
    let files = version.json["files"].as_array().expect("files");
    files
        .iter()
        .map(|file| (file["path"].as_str().expect("a path"), file["content"].as_str().unwrap_or("(bytes)")))
        .collect()
}

async fn versions_count(person: &Person, artifact: &Reply) -> usize {
    person.walk(&format!("{}/versions", path(artifact))).await.len()
}

#[tokio::test]
async fn both_sides_changes_become_a_version() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let base = json!([
        {"path": "both", "language": "a", "content": "1\n2\n3\n4\n5\n"}, {"path": "language", "content": "x\n"},
        file("gone here", "g\n"), file("gone there", "g\n"), file("here", "1\n"), file("same", "1\n"), file("there", "1\n")
    ]);
    let source = publish_new(&ada, base).await;
    let made = fork(&bob, &source, json!({})).await;
    let theirs = json!([
        file("gone here", "g\n"), file("here", "1\n"), file("new there", "t\n"), file("same", "2\n"), file("there", "1\n2\n"),
        {"path": "both", "language": "a", "content": "1\n2\n3\n4\nfive\n"},
        {"path": "language", "language": "b", "content": "x\n"}
    ]);
    let ours = json!([
        file("gone there", "g\n"), file("here", "0\n1\n"), file("new here", "h\n"), file("same", "2\n"), file("there", "1\n"),
        {"path": "both", "language": "a", "content": "one\n2\n3\n4\n5\n"}, {"path": "language", "content": "x\ny\n"}
    ]);
    let _ = ada.publish_files(&source.id(), theirs).await;
    let body = json!({"code_language": "javascript", "files": ours});
    let before = bob.post_with(&format!("{}/versions", path(&made)), &[("if-match", "*")], body).await.expect(201);
    let etag = before.etag();
    let url = format!("{}/merges", path(&made));
    let merged = bob.post_with(&url, &[("if-match", &etag)], json!({"label": "merged"})).await.expect(201);
    assert_eq!(
        texts(&merged),
        [
            ("both", "one\n2\n3\n4\nfive\n"),
            ("here", "0\n1\n"),
            ("language", "x\ny\n"),
            ("new here", "h\n"),
            ("new there", "t\n"),
            ("same", "2\n"),
            ("there", "1\n2\n")
        ]
    );
    let languages: Vec<&Value> =
        merged.json["files"].as_array().expect("files").iter().map(|file| &file["language"]).collect();
    assert_eq!((languages[0], languages[2]), (&json!("a"), &json!("b")));
    assert_eq!(merged.header("location"), format!("{}/versions/3", path(&made)));
    assert_eq!((&merged.json["version_index"], &merged.json["parent_version_id"]), (&json!(3), &before.json["id"]));
    assert_eq!((&merged.json["additions"], &merged.json["deletions"]), (&json!(3), &json!(2)));
    assert_eq!(
        (&merged.json["summary"], &merged.json["label"]),
        (&json!("Merge version 2 of the source"), &json!("merged"))
    );
    assert_eq!(merged.json["code_language"], "javascript");
    assert_eq!((&merged.json["files_count"], &merged.json["size"]), (&json!(7), &json!(33)));
    let read = bob.get(&format!("{}/versions/3", path(&made))).await.expect(200);
    assert_eq!((&read.json, read.etag()), (&merged.json, merged.etag()));
    // What was there before is as it was, and the source too.
    assert_eq!(bob.get(&format!("{}/versions/2", path(&made))).await.expect(200).json["files"], before.json["files"]);
    assert_eq!(versions_count(&ada, &source).await, 2);
}

#[tokio::test]
async fn what_was_merged_is_the_base_of_the_next_merge() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let source = publish_new(&ada, json!([file("a", "1\n2\n3\n4\n5\n")])).await;
    let made = fork(&bob, &source, json!({})).await;
    let publish = async |person: &Person, artifact: &Reply, text: &str| {
        let _ = person.publish_files(&artifact.id(), json!([file("a", text)])).await;
    };
    // Nothing to merge: the fork's newest version, as it is.
    let nothing = merge(&bob, &made, json!({})).await.expect(200);
    assert_eq!((&nothing.json["version_index"], texts(&nothing)), (&json!(1), vec![("a", "1\n2\n3\n4\n5\n")]));
    publish(&ada, &source, "one\n2\n3\n4\n5\n").await;
    publish(&ada, &source, "one\n2\n3\n4\nfive\n").await;
    let second = merge(&bob, &made, json!({"version": 2, "summary": "The second"})).await.expect(201);
    assert_eq!((&second.json["summary"], texts(&second)), (&json!("The second"), vec![("a", "one\n2\n3\n4\n5\n")]));
    // The fork goes its own way where the source has been already: no conflict, as that is merged.
    publish(&bob, &made, "eins\n2\n3\n4\n5\n").await;
    for version in [1, 2] {
        assert_eq!(merge(&bob, &made, json!({ "version": version })).await.expect(200).json["version_index"], 3);
    }
    let third = merge(&bob, &made, json!({})).await.expect(201);
    assert_eq!(texts(&third), [("a", "eins\n2\n3\n4\nfive\n")]);
    assert_eq!(merge(&bob, &made, json!({})).await.expect(200).etag(), third.etag());
    // Both did the same: a version says that this is merged.
    publish(&ada, &source, "eins\n2\n3\n4\nfive\n").await;
    let fourth = merge(&bob, &made, json!({})).await.expect(201);
    assert_eq!((&fourth.json["files"], &fourth.json["additions"]), (&third.json["files"], &json!(0)));
    assert_eq!(merge(&bob, &made, json!({})).await.expect(200).json["id"], fourth.json["id"]);
    assert_eq!(versions_count(&bob, &made).await, 5);
}

#[tokio::test]
async fn conflicts_come_back_as_data_and_change_nothing() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let mut names = Vec::new();
    for person in [&ada, &ada, &bob] {
        let bytes = Uuid::new_v4().as_bytes().to_vec();
        names.push(
            person.upload("artifact_file", "application/octet-stream", &bytes).await.json["blob"]["sha256"].clone(),
        );
    }
    let binary = |index: usize| json!({"path": "binary", "sha256": names[index]});
    let language = |name: &str| json!({"path": "language", "language": name, "content": "x\n"});
    let source = publish_new(
        &ada,
        json!([
            file("clean", "1\n"),
            file("gone here", "1\n"),
            file("gone there", "1\n"),
            file("lines", "1\n2\n3\n"),
            binary(0),
            language("a")
        ]),
    )
    .await;
    let made = fork(&bob, &source, json!({})).await;
    let theirs = json!([
        file("clean", "2\n"),
        file("gone here", "2\n"),
        file("lines", "1\nt\n3\n"),
        file("new", "t"),
        binary(1),
        language("b")
    ]);
    let ours = json!([
        file("clean", "1\n"),
        file("gone there", "2\n"),
        file("lines", "1\no\n3\n4\n"),
        file("new", "o"),
        binary(2),
        language("c")
    ]);
    let _ = ada.publish_files(&source.id(), theirs).await;
    let before = bob.publish_files(&made.id(), ours).await;
    let reply = merge(&bob, &made, json!({})).await.expect_problem(409, "merge_conflict");
    let name = |text: &str| json!({"sha256": Sha256::of(text.as_bytes()), "size": text.len()});
    let bytes = |index: usize| json!({"sha256": names[index], "size": 16});
    let lines = |base: usize, texts: [&[&str]; 3]| {
        json!([{
            "base_start": base, "ours_start": base, "theirs_start": base, "base": texts[0], "ours": texts[1], "theirs": texts[2]
        }])
    };
    assert_eq!(
        reply.json["conflicts"],
        json!([
            {"path": "binary", "kind": "binary", "base": bytes(0), "ours": bytes(2), "theirs": bytes(1), "hunks": null},
            {"path": "gone here", "kind": "removed_by_ours", "base": name("1\n"), "ours": null, "theirs": name("2\n"), "hunks": null},
            {"path": "gone there", "kind": "removed_by_theirs", "base": name("1\n"), "ours": name("2\n"), "theirs": null, "hunks": null},
            {"path": "language", "kind": "language", "base": name("x\n"), "ours": name("x\n"), "theirs": name("x\n"), "hunks": null},
            {
                "path": "lines", "kind": "changed", "base": name("1\n2\n3\n"), "ours": name("1\no\n3\n4\n"),
                "theirs": name("1\nt\n3\n"), "hunks": lines(2, [&["2\n"], &["o\n"], &["t\n"]])
            },
            {
                "path": "new", "kind": "added", "base": null, "ours": name("o"), "theirs": name("t"),
                "hunks": lines(1, [&[], &["o"], &["t"]])
            }
        ])
    );
    let artifact = bob.get(&path(&made)).await.expect(200);
    assert_eq!(artifact.json["current_version_id"], before.json["id"]);
    assert_eq!(versions_count(&bob, &made).await, 2);
    // Made like the source's, each of them is none.
    let solved = json!([
        file("clean", "1\n"), file("gone here", "2\n"), file("lines", "1\nt\n3\n4\n"), file("new", "t"), language("b"),
        {"path": "binary", "sha256": names[0]}
    ]);
    let _ = bob.publish_files(&made.id(), solved).await;
    let merged = merge(&bob, &made, json!({})).await.expect(201);
    assert_eq!(merged.json["files"][0]["sha256"], names[1]);
    assert_eq!(
        texts(&merged)[1..],
        [("clean", "2\n"), ("gone here", "2\n"), ("language", "x\n"), ("lines", "1\nt\n3\n4\n"), ("new", "t")]
    );
}

/// No disk could hold a file and a folder of one name.
#[tokio::test]
async fn a_file_and_a_folder_of_one_name_are_a_conflict() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let source = publish_new(&ada, json!([file("a", "1\n"), file("b/c", "1\n")])).await;
    let made = fork(&bob, &source, json!({})).await;
    let _ = ada.publish_files(&source.id(), json!([file("a", "1\n"), file("b/c", "1\n"), file("new", "t\n")])).await;
    let _ = bob.publish_files(&made.id(), json!([file("a", "1\n"), file("b/c", "1\n"), file("new/d/e", "o\n")])).await;
    let reply = merge(&bob, &made, json!({})).await.expect_problem(409, "merge_conflict");
    let name = json!({"sha256": Sha256::of(b"t\n"), "size": 2});
    assert_eq!(
        reply.json["conflicts"],
        json!([{"path": "new", "kind": "folder", "base": null, "ours": null, "theirs": name, "hunks": null}])
    );
    // A folder that takes the place of a file is none.
    let _ = ada.publish_files(&source.id(), json!([file("a/b", "1\n"), file("b", "1\n")])).await;
    let merged = merge(&bob, &made, json!({})).await.expect(201);
    assert_eq!(texts(&merged), [("a/b", "1\n"), ("b", "1\n"), ("new/d/e", "o\n")]);
}

#[tokio::test]
async fn a_report_of_many_conflicts_fits_into_a_reply() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let text = |who: &str| format!("{}\n", who.repeat(100)).repeat(1000);
    let files = |who: &str| (0..3).map(|index| file(&index.to_string(), &text(who))).collect::<Value>();
    let source = publish_new(&ada, files("b")).await;
    let made = fork(&bob, &source, json!({})).await;
    let _ = ada.publish_files(&source.id(), files("t")).await;
    let _ = bob.publish_files(&made.id(), files("o")).await;
    let reply = merge(&bob, &made, json!({})).await.expect_problem(409, "merge_conflict");
    let shown: Vec<bool> =
        reply.json["conflicts"].as_array().expect("files").iter().map(|file| file["hunks"].is_array()).collect();
    assert_eq!(shown, [true, false, false]);
}

#[tokio::test]
async fn a_merge_copies_no_bytes_and_outlives_the_source() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let bytes = Uuid::new_v4().as_bytes().to_vec();
    let binary = ada.upload("artifact_file", "application/octet-stream", &bytes).await.json["blob"]["sha256"].clone();
    let source = publish_new(&ada, json!([file("a", "a\n")])).await;
    let made = fork(&bob, &source, json!({})).await;
    let text = format!("{}\n", Uuid::new_v4());
    let _ = ada.publish_files(&source.id(), json!([file("a", &text), {"path": "b", "sha256": binary}])).await;
    let merged = merge(&bob, &made, json!({})).await.expect(201);
    let count = "select count(*) from blobs where user_id = $1::text::uuid";
    assert_eq!(database::number(count, &[&bob.id().to_owned()]).await, 0);
    let _ = ada.delete(&path(&source)).await.expect(204);
    let read = bob.get(&format!("{}/versions/2", path(&made))).await.expect(200);
    assert_eq!((&read.json, texts(&read)[0]), (&merged.json, ("a", text.as_str())));
    assert_eq!(bob.fetch(&read.json["files"][1]["url"]).await.expect(200).bytes, bytes);
}

#[tokio::test]
async fn a_source_may_keep_earlier_versions_to_itself() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let source = publish_new(&ada, json!([file("a", "1\n2\n3\n")])).await;
    let made = fork(&bob, &source, json!({})).await;
    let _ = bob.publish_files(&made.id(), json!([file("a", "0\n1\n2\n3\n")])).await;
    let _ = ada.patch(&path(&source), "*", json!({"versioning_enabled": false})).await.expect(200);
    assert_eq!(merge(&bob, &made, json!({})).await.expect(200).json["version_index"], 2);
    let _ = ada.publish_files(&source.id(), json!([file("a", "1\n2\n3\n4\n")])).await;
    let _ = merge(&bob, &made, json!({"version": 1})).await.expect_problem(404, "not_found");
    let merged = merge(&bob, &made, json!({})).await.expect(201);
    assert_eq!(texts(&merged), [("a", "0\n1\n2\n3\n4\n")]);
    assert_eq!(merge(&bob, &made, json!({})).await.expect(200).json["version_index"], 3);
    // From here on the base is a version that only the source's owner sees.
    let _ = ada.publish_files(&source.id(), json!([file("a", "1\n2\n3\n4\n5\n")])).await;
    let reply = merge(&bob, &made, json!({})).await.expect_problem(404, "not_found");
    assert!(reply.json["detail"].as_str().expect("text").contains("merged last"));
    let _ = ada.patch(&path(&source), "*", json!({"versioning_enabled": true})).await.expect(200);
    assert_eq!(texts(&merge(&bob, &made, json!({})).await.expect(201)), [("a", "0\n1\n2\n3\n4\n5\n")]);
}

#[tokio::test]
async fn what_is_no_fork_or_has_lost_its_source_is_told_so() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let source = publish_new(&ada, json!([file("a", "1\n")])).await;
    let made = fork(&bob, &source, json!({"visibility": "public"})).await;
    let _ = ada.publish_files(&source.id(), json!([file("a", "2\n")])).await;
    let _ = merge(&bob, &made, json!({})).await.expect(201);
    let _ = ada.publish_files(&source.id(), json!([file("a", "3\n")])).await;
    let _ = merge(&ada, &source, json!({})).await.expect_problem(409, "not_a_fork");
    let empty = ada.post("/v1/artifacts", json!({"title": "Empty"})).await.expect(201);
    let _ = merge(&ada, &empty, json!({})).await.expect_problem(409, "not_a_fork");
    // A fork is merged by its owner.
    for artifact in [&made, &source] {
        let _ = merge(&Person::register().await, artifact, json!({})).await.expect_problem(404, "not_found");
    }
    let _ = merge(&ada, &made, json!({})).await.expect_problem(404, "not_found");
    let nowhere = format!("/v1/artifacts/{}/merges", uuid::Uuid::now_v7());
    let nobodys = ada.send_with("POST", &nowhere, &[("if-match", "*")], json!({})).await;
    let _ = nobodys.expect_problem(404, "not_found");
    for version in [4, 2_147_483_648_u32] {
        let _ = merge(&bob, &made, json!({ "version": version })).await.expect_problem(404, "not_found");
    }
    // A source that is private is not told from one that is gone.
    let _ = ada.patch(&path(&source), "*", json!({"visibility": "private"})).await.expect(200);
    let private = merge(&bob, &made, json!({})).await.expect_problem(404, "not_found");
    let _ = ada.patch(&path(&source), "*", json!({"visibility": "public"})).await.expect(200);
    let _ = ada.delete(&path(&source)).await.expect(204);
    let deleted = merge(&bob, &made, json!({})).await.expect_problem(404, "not_found");
    let delete = "delete from artifacts where id = $1::text::uuid";
    let _ = database::behind().await.execute(delete, &[&source.id()]).await.expect("it is gone for good");
    let purged = merge(&bob, &made, json!({})).await.expect_problem(404, "not_found");
    assert_eq!((&private.json, &private.json), (&deleted.json, &purged.json));
    assert_eq!(texts(&bob.get(&format!("{}/versions/2", path(&made))).await.expect(200)), [("a", "2\n")]);
    let _ = bob.delete(&path(&made)).await.expect(204);
    let _ = merge(&bob, &made, json!({})).await.expect_problem(404, "not_found");
    assert_eq!(
        merge(&bob, &made, json!({})).await.json["detail"],
        "There is no such resource, or it is not yours to see."
    );
}

#[tokio::test]
async fn merging_names_what_it_builds_upon() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let source = publish_new(&ada, json!([file("a", "1\n")])).await;
    let made = fork(&bob, &source, json!({})).await;
    let _ = ada.publish_files(&source.id(), json!([file("a", "1\n2\n")])).await;
    let url = format!("{}/merges", path(&made));
    let _ = bob.post(&url, json!({})).await.expect_problem(428, "precondition_required");
    let _ = bob.post_with(&url, &[("if-match", "\"0-0\"")], json!({})).await.expect_problem(412, "stale");
    let replies = together((0..10).map(|_| {
        let (bob, url, etag) = (bob.clone(), url.clone(), made.etag());
        async move { bob.post_with(&url, &[("if-match", &etag)], json!({})).await }
    }))
    .await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for reply in replies.into_iter().filter(|reply| reply.status != 201) {
        let _ = reply.expect_problem(412, "stale");
    }
    assert_eq!(versions_count(&bob, &made).await, 2);
    // Whatever comes, once.
    let _ = ada.publish_files(&source.id(), json!([file("a", "1\n2\n3\n")])).await;
    let replies = together((0..10).map(|_| {
        let (bob, made) = (bob.clone(), path(&made));
        async move { bob.post_with(&format!("{made}/merges"), &[("if-match", "*")], json!({})).await }
    }))
    .await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    assert!(replies.iter().all(|reply| [200, 201, 412].contains(&reply.status)));
    assert_eq!(versions_count(&bob, &made).await, 3);
    // With a key the first answer is given again.
    let _ = ada.publish_files(&source.id(), json!([file("a", "1\n2\n3\n4\n")])).await;
    let headers = [("if-match", "*"), ("idempotency-key", "merge-it")];
    let first = bob.post_with(&url, &headers, json!({})).await.expect(201);
    assert_eq!(bob.post_with(&url, &headers, json!({})).await.expect(201).json, first.json);
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let source = publish_new(&ada, json!([file("a", "1\n")])).await;
    let made = fork(&bob, &source, json!({})).await;
    let url = format!("{}/merges", path(&made));
    bob.expect_strict("POST", &url, json!({"version": 1})).await;
    let wrong = [
        ("/version", json!(0)),
        ("/version", json!("1")),
        ("/version", json!(u64::MAX)),
        ("/summary", json!("")),
        ("/summary", json!("x".repeat(2001))),
        ("/label", json!("\u{0}")),
        ("/label", json!(7)),
    ];
    bob.expect_invalid("POST", &url, &json!({}), &wrong).await;
    assert_eq!(versions_count(&bob, &made).await, 1);
}

#[tokio::test]
async fn what_a_version_cannot_hold_is_not_merged() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let many = |name: &str, count: usize| -> Vec<Value> {
        (0..count).map(|index| file(&format!("{name} {index}"), "x\n")).chain([file("base", "b\n")]).collect()
    };
    let source = publish_new(&ada, json!([file("base", "b\n")])).await;
    let made = fork(&bob, &source, json!({})).await;
    let _ = ada.publish_files(&source.id(), json!(many("there", 251))).await;
    let _ = bob.publish_files(&made.id(), json!(many("here", 251))).await;
    let reply = merge(&bob, &made, json!({})).await.expect_problem(422, "too_much");
    assert!(reply.json["detail"].as_str().expect("text").contains("503 files"));
    // Each within the limit of a file, both together not.
    let half = format!("{}\n", "x".repeat(600_000));
    let _ = ada.publish_files(&source.id(), json!([file("base", &format!("{half}b\n"))])).await;
    let _ = bob.publish_files(&made.id(), json!([file("base", "b\n")])).await;
    let _ = merge(&bob, &made, json!({})).await.expect(201);
    let _ = ada.publish_files(&source.id(), json!([file("base", &format!("{half}b\nc\nd\n"))])).await;
    let _ = merge(&bob, &made, json!({})).await.expect(201);
    let _ = ada
        .publish_files(&source.id(), json!([file("base", &format!("{half}b\nc\nd\n{}\n", "y".repeat(300_000)))]))
        .await;
    let _ = bob
        .publish_files(&made.id(), json!([file("base", &format!("{}\n{half}b\nc\nd\n", "z".repeat(300_000)))]))
        .await;
    let reply = merge(&bob, &made, json!({})).await.expect_problem(422, "too_much");
    assert!(reply.json["detail"].as_str().expect("text").starts_with("base would have"));
    // Of two files each side removes another.
    let source = publish_new(&ada, json!([file("a", "a"), file("b", "b")])).await;
    let made = fork(&bob, &source, json!({})).await;
    let _ = ada.publish_files(&source.id(), json!([file("a", "a")])).await;
    let _ = bob.publish_files(&made.id(), json!([file("b", "b")])).await;
    let _ = merge(&bob, &made, json!({})).await.expect_problem(409, "conflict");
}
