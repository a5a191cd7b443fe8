//! GET /v1/files/{id}/history

use harness::{Person, json};
use shared::text::Sha256;
use uuid::Uuid;

#[tokio::test]
async fn every_content_is_kept_by_its_hash() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let container = ada.create_container().await.id();
    let file = ada.put_file(&container, "clock.js", "one").await.id();
    let path = format!("/v1/files/{file}");
    for text in ["two", "two", "one"] {
        let _ = ada.put_file(&container, "clock.js", text).await;
    }
    let files = format!("/v1/containers/{container}/files");
    let other_type = json!({"path": "clock.js", "content": "one", "mime_type": "text/javascript"});
    let _ = ada.put(&files, other_type).await.expect(200);
    let upload = ada.upload("file", "image/png", b"bytes").await.id();
    let _ = ada.put(&files, json!({"path": "clock.js", "upload": upload})).await.expect(200);
    let _ = ada.delete(&path).await.expect(204);
    let _ = ada.put_file(&container, "clock.js", "last").await;
    let expected = ["last", "bytes", "one", "two", "one"];
    for limit in [1, 2, 100] {
        let history = ada.walk(&format!("{path}/history?limit={limit}")).await;
        assert_eq!(history.len(), expected.len());
        for (version, text) in history.iter().zip(expected) {
            assert_eq!(version["blob"]["sha256"], json!(Sha256::of(text.as_bytes()).to_string()));
            assert_eq!(version["file_size"], json!(text.len()));
            assert_eq!(version["blob"]["url"].is_string(), text == "bytes");
        }
        let times: Vec<&str> = history.iter().filter_map(|version| version["created_at"].as_str()).collect();
        assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    }
    let history = format!("{path}/history");
    let nowhere = format!("/v1/files/{}/history", Uuid::now_v7());
    let _ = ada.get(&nowhere).await.expect_problem(404, "not_found");
    let _ = bob.get(&history).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().get(&history).await.expect_problem(401, "unauthenticated");
    let reply = ada.get(&format!("{history}?limit=0")).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/limit"]);
}
