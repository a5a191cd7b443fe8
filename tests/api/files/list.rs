//! GET /v1/containers/{id}/files

use harness::{Person, Value, json};
use uuid::Uuid;

fn paths(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["file_path"].as_str().expect("a path")).collect()
}

#[tokio::test]
async fn files_are_listed_by_path_and_prefix() {
    let ada = Person::register().await;
    let id = ada.create_container().await.id();
    let files = format!("/v1/containers/{id}/files");
    assert_eq!(ada.get(&files).await.expect(200).json, json!({"items": [], "next_cursor": null}));
    let mut expected = [
        "src/b.js",
        "src/a.js",
        "src.txt",
        "src-2/a",
        "README.md",
        "\u{e9}.txt",
        "src/\u{65e5}.js",
        "a",
        "Z",
        "src/%_\\x".trim_end_matches("\\x"),
    ];
    for path in expected {
        let _ = ada.put_file(&id, path, path).await;
    }
    let gone = ada.put_file(&id, "src/gone.js", "x").await.id();
    let _ = ada.delete(&format!("/v1/files/{gone}")).await.expect(204);
    expected.sort_unstable();
    for limit in [1, 3, 100] {
        assert_eq!(paths(&ada.walk(&format!("{files}?limit={limit}")).await), expected, "{limit}");
    }
    for prefix in ["src/", "src", "s", "README.md", "\u{e9}", "nothing", "src/%", "_"] {
        let expected: Vec<&str> = expected.iter().copied().filter(|path| path.starts_with(prefix)).collect();
        let encoded: String = prefix.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for limit in [1, 100] {
            let found = ada.walk(&format!("{files}?limit={limit}&prefix={encoded}")).await;
            assert_eq!(paths(&found), expected, "{prefix}");
        }
    }
    let item = &ada.walk(&files).await[0];
    assert!(item.get("content").is_none() && item["blob"]["sha256"].is_string(), "{item}");
}

#[tokio::test]
async fn bytes_in_the_bucket_have_urls() {
    let ada = Person::register().await;
    let files = format!("/v1/containers/{}/files", ada.create_container().await.id());
    let bytes = Uuid::new_v4();
    let upload = ada.upload("file", "image/x-icon", bytes.as_bytes()).await.id();
    let _ = ada.put(&files, json!({"path": "favicon.ico", "upload": upload})).await.expect(200);
    let item = &ada.walk(&files).await[0];
    assert_eq!(ada.fetch(&item["blob"]["url"]).await.expect(200).bytes, bytes.as_bytes());
}

#[tokio::test]
async fn someone_elses_are_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let files = format!("/v1/containers/{}/files", ada.create_container().await.id());
    let _ = bob.get(&files).await.expect_problem(404, "not_found");
    let _ = bob.get(&format!("/v1/containers/{}/files", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().get(&files).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let ada = Person::register().await;
    let files = format!("/v1/containers/{}/files", ada.create_container().await.id());
    for (query, pointer) in [
        ("prefix=", "/query/prefix"),
        ("limit=101", "/query/limit"),
        ("cursor=!", "/query/cursor"),
        ("cursor=AA", "/query/cursor"),
        ("cursor=_w", "/query/cursor"),
        ("path=a", "/query/path"),
    ] {
        let reply = ada.get(&format!("{files}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer], "{query}");
    }
}
