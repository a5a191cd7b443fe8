//! GET /v1/artifacts/{id}/versions/{version}/files/{path+}

use harness::{Person, Value, json};
use shared::text::Sha256;
use uuid::Uuid;

#[tokio::test]
async fn a_file_comes_as_it_is_in_its_version() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "one\n").await;
    let _ = ada.publish(&artifact.id(), "two\n").await;
    let path = format!("/v1/artifacts/{}/versions", artifact.id());
    for person in [&ada, &bob, &Person::anonymous()] {
        for (index, text) in [(1, "one\n"), (2, "two\n")] {
            let file = person.get(&format!("{path}/{index}/files/clock.js")).await.expect(200);
            let expected = json!({
                "path": "clock.js", "sha256": Sha256::of(text.as_bytes()), "size": 4, "language": "javascript",
                "content_type": "text/plain; charset=utf-8", "content": text, "url": null
            });
            assert_eq!(file.json, expected);
            let known = [("if-none-match", file.etag())];
            let known: Vec<(&str, &str)> = known.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let url = format!("{path}/{index}/files/clock.js");
            let _ = person.send_with("GET", &url, &known, json!({})).await.expect(304);
        }
    }
}

#[tokio::test]
async fn paths_may_hold_whatever_a_file_may_be_called() {
    let ada = Person::register().await;
    let paths = [
        ("src/deep/er/main.rs", "src/deep/er/main.rs"),
        ("with space.txt", "with%20space.txt"),
        ("100%.txt", "100%25.txt"),
        ("%2e%2e.txt", "%252e%252e.txt"),
        ("a+b.txt", "a+b.txt"),
        ("a&b=c;d.txt", "a&b=c;d.txt"),
        ("what?.txt", "what%3F.txt"),
        ("#1.txt", "%231.txt"),
        ("\u{fc}/\u{65e5}\u{672c}/\u{1f680}.txt", "%C3%BC/\u{65e5}\u{672c}/%F0%9F%9A%80.txt"),
        ("e\u{301}.txt", "e%CC%81.txt"),
        ("\u{e9}.txt", "%C3%A9.txt"),
        ("a'b\"c.txt", "a%27b%22c.txt"),
        ("...", "..."),
        ("src/[id]/{x}.tsx", "src/%5Bid%5D/%7Bx%7D.tsx"),
        (" ", "%20"),
    ];
    let files: Vec<Value> = paths.iter().map(|(path, _)| json!({"path": path, "content": path})).collect();
    let artifact = ada.post("/v1/artifacts", json!({"title": "t", "version": {"files": files}})).await.expect(201);
    for (path, encoded) in paths {
        let url = format!("/v1/artifacts/{}/versions/1/files/{encoded}", artifact.id());
        let file = ada.get(&url).await.expect(200);
        assert_eq!((&file.json["path"], &file.json["content"]), (&json!(path), &json!(path)));
    }
    let slash = format!("/v1/artifacts/{}/versions/1/files/src%2Fdeep%2Fer%2Fmain.rs", artifact.id());
    assert_eq!(ada.get(&slash).await.expect(200).json["path"], "src/deep/er/main.rs");
}

#[tokio::test]
async fn bytes_come_from_the_bucket_as_an_attachment() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let html = format!("<script>alert('{}')</script>", Uuid::new_v4());
    let sha256 = ada.upload("artifact_file", "text/html", html.as_bytes()).await.json["blob"]["sha256"].clone();
    let body = json!({
        "title": "t", "visibility": "public", "version": {"files": [{"path": "index.html", "sha256": sha256}]}
    });
    let artifact = ada.post("/v1/artifacts", body).await.expect(201);
    let url = format!("/v1/artifacts/{}/versions/1/files/index.html", artifact.id());
    for person in [&ada, &bob, &Person::anonymous()] {
        let file = person.get(&url).await.expect(200);
        assert_eq!((&file.json["content"], &file.json["sha256"]), (&Value::Null, &sha256));
        let fetched = person.fetch(&file.json["url"]).await.expect(200);
        assert_eq!(fetched.bytes, html.as_bytes());
        assert_eq!(fetched.header("content-disposition"), "attachment");
        assert!(!file.json["url"].as_str().expect("a URL").contains("X-Amz-Expires=604800"));
    }
}

#[tokio::test]
async fn earlier_versions_can_be_kept_to_oneself() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "one\n").await;
    let files = json!([
        {"path": "clock.js", "language": "javascript", "content": "one\n"}, {"path": "new.js", "content": "new\n"}
    ]);
    let _ = ada.publish_files(&artifact.id(), files).await;
    let path = format!("/v1/artifacts/{}", artifact.id());
    let _ = ada.patch(&path, "*", json!({"versioning_enabled": false})).await.expect(200);
    for person in [&bob, &Person::anonymous()] {
        // The same row of the database holds the file in both versions.
        let _ = person.get(&format!("{path}/versions/1/files/clock.js")).await.expect_problem(404, "not_found");
        let _ = person.get(&format!("{path}/versions/2/files/clock.js")).await.expect(200);
    }
    let _ = ada.get(&format!("{path}/versions/1/files/clock.js")).await.expect(200);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("private", "one\n").await;
    let _ = ada.publish_files(&artifact.id(), json!([{"path": "b.js", "content": "b"}])).await;
    let path = format!("/v1/artifacts/{}/versions", artifact.id());
    let missing =
        ["1/files/b.js", "2/files/clock.js", "3/files/b.js", "0/files/b.js", "1/files/Clock.js", "1/files/clock"];
    for missing in missing {
        let _ = ada.get(&format!("{path}/{missing}")).await.expect_problem(404, "not_found");
    }
    for person in [&bob, &Person::anonymous()] {
        let _ = person.get(&format!("{path}/1/files/clock.js")).await.expect_problem(404, "not_found");
    }
    for (malformed, pointer) in [
        ("1/files/a%2F..%2Fb", "/path/path"),
        ("1/files/a%5Cb", "/path/path"),
        ("1/files/a%00", "/path/path"),
        ("1/files/a//b", "/path/path"),
        ("one/files/a", "/path/version"),
    ] {
        let reply = ada.get(&format!("{path}/{malformed}")).await.expect_problem(400, "malformed");
        assert_eq!(reply.pointers(), [pointer], "{malformed}");
    }
    let reply = ada.get(&format!("{path}/1/files/clock.js?raw=1")).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/raw"]);
}

#[tokio::test]
async fn what_is_in_the_trash_is_not_found() {
    let ada = Person::register().await;
    let path = ada.create_trashed_artifact().await;
    for person in [&ada, &Person::anonymous()] {
        let _ = person.get(&format!("{path}/versions/1/files/clock.js")).await.expect_problem(404, "not_found");
    }
}
