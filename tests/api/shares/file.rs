//! GET /v1/shared/{token}/files/{path+}

use harness::{Person, json};

#[tokio::test]
async fn a_file_that_does_not_come_with_its_version_is_read_by_itself() {
    let (ada, nobody) = (Person::register().await, Person::anonymous());
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let large = "x".repeat(1024 * 1024);
    let mut files: Vec<_> = (0..4).map(|n| json!({"path": format!("{n}.txt"), "content": large})).collect();
    files.push(json!({"path": "src/small file.txt", "sha256": shared::text::Sha256::of(b"draw();\n").to_string()}));
    let _ = ada.publish_files(&artifact, json!(files)).await;
    let path = ada.share(json!({ "artifact_id": artifact })).await;
    let opened = nobody.get(&path).await.expect(200);
    assert!(opened.json["version"]["files"][0]["content"].is_null());
    let reader = nobody.sending("share-view", opened.json["view"].as_str().expect("a view"));
    let file = reader.get(&format!("{path}/files/src/small%20file.txt")).await.expect(200);
    assert_eq!((&file.json["content"], &file.json["size"]), (&json!("draw();\n"), &json!(8)));
    let file = reader.get(&format!("{path}/files/3.txt")).await.expect(200);
    assert_eq!(file.json["content"], large);
    assert_eq!(ada.walk("/v1/shares").await[0]["views_count"], 1);
    for missing in ["4.txt", "clock.js"] {
        let _ = reader.get(&format!("{path}/files/{missing}")).await.expect_problem(404, "not_found");
    }
    let _ = reader.get(&format!("{path}/files/a%2F..%2Fb")).await.expect_problem(400, "malformed");
    let _ = nobody.get(&format!("{path}/files/3.txt")).await.expect_problem(401, "share_view_required");
}

#[tokio::test]
async fn a_pinned_version_has_its_own_files() {
    let (ada, nobody) = (Person::register().await, Person::anonymous());
    let artifact = ada.create_artifact("private", "first();\n").await.id();
    let pinned = ada.share(json!({"artifact_id": artifact, "version": 1})).await;
    let live = ada.share(json!({ "artifact_id": artifact })).await;
    let (pinned_reader, live_reader) = (nobody.reader(&pinned).await, nobody.reader(&live).await);
    let _ = ada.publish(&artifact, "second();\n").await;
    for (reader, path, text) in [(&pinned_reader, &pinned, "first();\n"), (&live_reader, &live, "second();\n")] {
        let file = reader.get(&format!("{path}/files/clock.js")).await.expect(200);
        assert_eq!(file.json["content"], text);
        // One link's view is not another's.
        let other = if *path == pinned { &live } else { &pinned };
        let _ = reader.get(&format!("{other}/files/clock.js")).await.expect_problem(401, "share_view_required");
    }
    let _ = ada.delete(&format!("/v1/artifacts/{artifact}")).await.expect(204);
    let _ = live_reader.get(&format!("{live}/files/clock.js")).await.expect_problem(410, "share_gone");
}

#[tokio::test]
async fn a_chat_has_no_files() {
    let (ada, nobody) = (Person::register().await, Person::anonymous());
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let path = ada.share(json!({ "chat_id": chat })).await;
    let reader = nobody.reader(&path).await;
    let _ = reader.get(&format!("{path}/files/clock.js")).await.expect_problem(404, "not_found");
    let _ = reader.get("/v1/shared/share_unknown/files/clock.js").await.expect_problem(404, "not_found");
}
