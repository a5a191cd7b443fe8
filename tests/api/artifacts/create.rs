//! POST /v1/artifacts

use harness::{Person, Value, json};
use shared::text::Sha256;
use uuid::Uuid;

const PATH: &str = "/v1/artifacts";

#[tokio::test]
async fn a_whole_artifact_comes_back() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let body = json!({
        "title": "A clock", "description": "It ticks.", "visibility": "public", "type": "game", "tool_name": "pencil",
        "metadata": {"b": 1, "a": {"deep": [null, true, 1.5]}}, "chat_id": chat,
        "source_session": {"id": "run-7", "credits_estimate": 12.25},
        "versioning_enabled": false, "chat_history_public": true,
        "version": {
            "summary": "First", "label": "one", "code_language": "javascript", "session_id": "s-1",
            "credits_used_estimate": 0.5, "stats": {"tokens": 17}, "chat": [{"role": "user", "content": "Draw."}],
            "files": [
                {"path": "index.html", "language": "html", "content": "<p>\n</p>\n"},
                {"path": "clock.js", "content": "draw();\n"}
            ]
        }
    });
    let made = ada.post(PATH, body.clone()).await.expect(201);
    assert_eq!(made.header("location"), format!("{PATH}/{}", made.id()));
    for field in ["title", "description", "visibility", "type", "tool_name", "metadata", "chat_id", "source_session"] {
        assert_eq!(made.json[field], body[field], "{field}");
    }
    assert_eq!((&made.json["versioning_enabled"], &made.json["chat_history_public"]), (&json!(false), &json!(true)));
    assert_eq!(made.json["owner_user_id"], ada.id());
    assert_eq!(made.json["owner"]["handle"], ada.handle());
    assert_eq!(made.json["owner"]["user_id"], ada.id());
    assert_eq!(made.json["media"], json!({"screenshot": null, "thumb": null, "small": null}));
    assert_eq!(made.json["liked"], false);
    for count in ["forks_count", "imports_count", "likes_count", "comments_count"] {
        assert_eq!(made.json[count], 0, "{count}");
    }
    let version = &made.json["current_version"];
    assert_eq!(version["id"], made.json["current_version_id"]);
    assert_eq!((&version["version_index"], &version["files_count"]), (&json!(1), &json!(2)));
    assert_eq!((&version["size"], &version["label"]), (&json!(17), &json!("one")));

    let read = ada.get(made.header("location")).await.expect(200);
    assert_eq!((&read.json, read.etag()), (&made.json, made.etag()));
    let version = ada.get(&format!("{PATH}/{}/versions/1", made.id())).await.expect(200);
    assert_eq!((&version.json["additions"], &version.json["deletions"]), (&json!(3), &json!(0)));
    assert_eq!(version.json["chat"], body["version"]["chat"]);
    assert_eq!(version.json["stats"], json!({"tokens": 17}));
    assert_eq!(version.json["credits_used_estimate"], 0.5);
    assert_eq!(version.json["version_metadata"]["title"], "A clock");
    assert_eq!(version.json["parent_version_id"], Value::Null);
}

#[tokio::test]
async fn a_title_is_enough() {
    let ada = Person::register().await;
    let made = ada.post(PATH, json!({"title": "A clock"})).await.expect(201);
    assert_eq!((&made.json["visibility"], &made.json["type"]), (&json!("private"), &json!("code")));
    assert_eq!((&made.json["metadata"], &made.json["current_version"]), (&json!({}), &Value::Null));
    assert_eq!((&made.json["versioning_enabled"], &made.json["chat_history_public"]), (&json!(true), &json!(false)));
    let versions = ada.get(&format!("{PATH}/{}/versions", made.id())).await.expect(200);
    assert_eq!(versions.json["items"], json!([]));
    let _ = ada.get(&format!("{PATH}/{}/versions/1", made.id())).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn the_body_is_read_strictly() {
    Person::register().await.expect_strict("POST", PATH, json!({"title": "A clock"})).await;
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let whole = json!({
        "title": "A clock", "source_session": {"id": "a"},
        "version": {"files": [{"path": "a", "content": "a"}], "stats": {}}
    });
    ada.expect_invalid(
        "POST",
        PATH,
        &whole,
        &[
            ("/title", json!("")),
            ("/title", json!(" \n")),
            ("/title", json!("ü".repeat(201))),
            ("/title", json!(7)),
            ("/title", json!(null)),
            ("/description", json!("")),
            ("/description", json!("x".repeat(5001))),
            ("/visibility", json!("secret")),
            ("/type", json!("")),
            ("/tool_name", json!("x".repeat(101))),
            ("/metadata", json!([])),
            ("/metadata", json!("{}")),
            ("/metadata", json!({"x": "x".repeat(64 * 1024)})),
            ("/chat_id", json!("7")),
            ("/project_id", json!(7)),
            ("/source_session/id", json!("")),
            ("/source_session/credits_estimate", json!(-1)),
            ("/source_session/no_such_field", json!(1)),
            ("/versioning_enabled", json!("yes")),
            ("/chat_history_public", json!(null)),
            ("/version/files", json!([])),
            ("/version/files/0/path", json!("../x")),
            ("/version/files/0/no_such_field", json!(1)),
            ("/version/label", json!("x".repeat(101))),
            ("/version/credits_used_estimate", json!(1e300)),
            ("/version/stats", json!(1)),
            ("/version/no_such_field", json!(1)),
        ],
    )
    .await;
    let reply = ada.post(PATH, json!({})).await.expect_problem(422, "invalid");
    assert_eq!(reply.json["errors"].as_array().map(Vec::len), Some(1));
    let _ = ada.send_text("POST", PATH, "").await.expect_problem(422, "invalid");
    assert!(ada.walk("/v1/artifacts?owner=me").await.is_empty());
}

#[tokio::test]
async fn nul_is_refused_wherever_it_hides() {
    let ada = Person::register().await;
    let whole = json!({
        "title": "A clock", "source_session": {"id": "a"}, "version": {"files": [{"path": "a", "content": "a"}]}
    });
    let nul = || json!("a\u{0}b");
    ada.expect_invalid(
        "POST",
        PATH,
        &whole,
        &[
            ("/title", nul()),
            ("/description", nul()),
            ("/visibility", nul()),
            ("/type", nul()),
            ("/tool_name", nul()),
            ("/metadata", json!({"a\u{0}b": 1})),
            ("/metadata", json!({"a": [{"b": {"\u{0}": 1}}]})),
            ("/metadata", json!({"a": ["\u{0}"]})),
            ("/chat_id", nul()),
            ("/source_session/id", nul()),
            ("/version/summary", nul()),
            ("/version/label", nul()),
            ("/version/code_language", nul()),
            ("/version/session_id", nul()),
            ("/version/chat", nul()),
            ("/version/chat", json!([{"a\u{0}": 1}])),
            ("/version/stats", json!({"a\u{0}": 1})),
            ("/version/files/0/path", nul()),
            ("/version/files/0/language", nul()),
        ],
    )
    .await;
    assert!(ada.walk("/v1/artifacts?owner=me").await.is_empty());
}

#[tokio::test]
async fn odd_characters_are_kept() {
    let ada = Person::register().await;
    let odd = "\u{202e}\u{feff}e\u{301}\u{1f469}\u{200d}\u{1f680}\u{fffd}\u{10ffff}'\"\\%_$1;--\r\n\t\u{1}\u{7f}";
    let body = json!({
        "title": odd, "description": odd, "type": odd, "tool_name": odd, "metadata": {odd: odd},
        "source_session": {"id": odd},
        "version": {"summary": odd, "files": [{"path": "e\u{301}\u{1f680}'%_.js", "content": odd}]}
    });
    let made = ada.post(PATH, body.clone()).await.expect(201);
    for field in ["title", "description", "type", "tool_name", "metadata"] {
        assert_eq!(made.json[field], body[field], "{field}");
    }
    let version = ada.get(&format!("{PATH}/{}/versions/1", made.id())).await.expect(200);
    assert_eq!(version.json["files"][0]["content"], odd);
    assert_eq!(version.json["files"][0]["path"], body["version"]["files"][0]["path"]);
}

#[tokio::test]
async fn odd_json_is_refused_or_kept() {
    let ada = Person::register().await;
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (metadata, statuses) in [
        ("{\"a\": \"\\ud800\"}".to_owned(), [400, 422]),
        ("{\"a\": 1e400}".to_owned(), [400, 422]),
        (format!("{{\"a\": {nested}}}"), [400, 422]),
        ("{\"a\": 1e308, \"b\": 1e-308, \"c\": 18446744073709551616, \"d\": -0.0}".to_owned(), [201, 201]),
        (format!("{{\"a\": {}}}", "9".repeat(300)), [201, 201]),
        ("{\"a\": 1, \"a\": 2}".to_owned(), [201, 201]),
    ] {
        let text = format!("{{\"title\": \"t\", \"metadata\": {metadata}}}");
        let reply = ada.send_text("POST", PATH, &text).await;
        assert!(statuses.contains(&reply.status), "{} for {:.60}: {}", reply.status, metadata, reply.json);
    }
    let _ = ada.send_text("POST", PATH, "{\"title\": \"a\", \"title\": \"b\"}").await.expect_problem(422, "invalid");
    let _ = ada.send_text("POST", PATH, "[\"a\"]").await.expect_problem(422, "invalid");
    let _ = ada.send_text("POST", PATH, "null").await.expect_problem(422, "invalid");
}

#[tokio::test]
async fn bodies_are_limited() {
    let ada = Person::register().await;
    let file = |path: &str, bytes: usize| json!({"path": path, "content": "x".repeat(bytes)});
    let with = |files: Value| json!({"title": "A clock", "version": {"files": files}});
    let huge: Vec<Value> = (0..6).map(|index| file(&index.to_string(), 1024 * 1024)).collect();
    let _ = ada.post(PATH, with(json!(huge))).await.expect_problem(413, "too_large");
    let large = ada.post(PATH, with(json!([file("a", 1024 * 1024 + 1)]))).await.expect_problem(422, "invalid");
    assert_eq!(large.pointers(), ["/version/files"]);
    let most: Vec<Value> = (0..4).map(|index| file(&index.to_string(), 1024 * 1024)).collect();
    let _ = ada.post(PATH, with(json!(most))).await.expect(201);
    let more: Vec<Value> = most.into_iter().chain([file("5", 1)]).collect();
    let reply = ada.post(PATH, with(json!(more))).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/version/files"]);
}

#[tokio::test]
async fn only_ones_own_things_can_be_referred_to() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let theirs = bob.post("/v1/chats", json!({})).await.expect(201).id();
    let project = bob.post("/v1/projects", json!({"name": "p"})).await.expect(201).id();
    let deleted = ada.post("/v1/projects", json!({"name": "p"})).await.expect(201).id();
    let _ = ada.delete(&format!("/v1/projects/{deleted}")).await.expect(204);
    let secret = bob.upload("artifact_file", "application/octet-stream", Uuid::new_v4().as_bytes()).await;
    let sha256 = &secret.json["blob"]["sha256"];
    let pending = ada.declare("artifact_file", "text/plain", b"never sent").await.expect(201);
    assert_eq!(pending.json["state"], "pending");
    let files = |sha256: &Value| json!({"files": [{"path": "a", "content": "a"}, {"path": "b", "sha256": sha256}]});
    for (field, value, pointer) in [
        ("chat_id", json!(theirs), "/chat_id"),
        ("chat_id", json!(Uuid::now_v7()), "/chat_id"),
        ("project_id", json!(project), "/project_id"),
        ("project_id", json!(deleted), "/project_id"),
        ("project_id", json!(Uuid::now_v7()), "/project_id"),
        ("version", files(sha256), "/version/files/1/sha256"),
        ("version", files(&json!("0".repeat(64))), "/version/files/1/sha256"),
        ("version", files(&json!(Sha256::of(b"never sent"))), "/version/files/1/sha256"),
    ] {
        let mut body = json!({"title": "A clock"});
        body[field] = value;
        let reply = ada.post(PATH, body).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), [pointer]);
    }
    assert!(ada.walk("/v1/artifacts?owner=me").await.is_empty());
    let _ = bob.post(PATH, json!({"title": "t", "project_id": project, "version": files(sha256)})).await.expect(201);
}
