//! The main job, as one person and then another would do it.

use serde_json::json;

use crate::{Person, pictures};

/// Someone registers, writes a chat, saves what came out with two versions and a screenshot, and publishes it; someone
/// else finds it in the gallery, reads a version, and forks it with its lineage.
///
/// # Panics
/// Where any of it does not work.
pub async fn run(base_url: &str) {
    let ada = Person::register_at(base_url).await;

    let chat = ada.post("/v1/chats", json!({"title": "A clock"})).await.expect(201);
    let messages = format!("/v1/chats/{}/messages", chat.id());
    let _ = ada.post(&messages, json!({"role": "user", "content": "Draw a clock."})).await.expect(201);
    let _ = ada.post(&messages, json!({"role": "assistant", "content": "draw();"})).await.expect(201);
    let said = ada.get(&messages).await.expect(200);
    assert_eq!(said.json["items"][0]["content"], "draw();");
    assert_eq!(ada.get("/v1/chats").await.expect(200).json["items"][0]["message_count"], 2);

    let artifact = ada
        .post(
            "/v1/artifacts",
            json!({
                "title": "A clock", "type": "code", "chat_id": chat.id(),
                "version": {"summary": "First", "files": [
                    {"path": "index.html", "language": "html", "content": "<script src=clock.js></script>\n"},
                    {"path": "clock.js", "language": "javascript", "content": "draw();\n"}
                ]}
            }),
        )
        .await
        .expect(201);
    let path = format!("/v1/artifacts/{}", artifact.id());
    let second = json!({"summary": "Hands", "label": "hands", "files": [
        {"path": "index.html", "language": "html", "content": "<script src=clock.js></script>\n"},
        {"path": "clock.js", "language": "javascript", "content": "draw();\nhands();\n"}
    ]});
    let version =
        ada.post_with(&format!("{path}/versions"), &[("if-match", &artifact.etag())], second).await.expect(201);
    assert_eq!(version.json["version_index"], 2);
    assert_eq!((&version.json["additions"], &version.json["deletions"]), (&json!(1), &json!(0)));

    let picture = pictures::png(640, 400);
    let upload = ada.upload("screenshot", "image/png", &picture).await;
    assert_eq!(upload.json["state"], "ready");
    let etag = ada.get(&path).await.expect(200).etag();
    let screenshot = json!({"screenshot": upload.id()});
    let media = ada.send_with("PUT", &format!("{path}/media"), &[("if-match", &etag)], screenshot).await.expect(200);
    let etag = media.etag();
    let _ = ada.patch(&path, &etag, json!({"visibility": "public"})).await.expect(200);

    let bob = Person::register_at(base_url).await;
    let gallery = bob.get("/v1/artifacts?limit=100").await.expect(200);
    let found = gallery.json["items"].as_array().expect("a list").iter().find(|item| item["id"] == artifact.json["id"]);
    let found = found.expect("it is in the gallery");
    assert_eq!(found["owner"]["handle"], ada.handle());
    let shown = bob.fetch(&found["media"]["screenshot"]["url"]).await.expect(200);
    assert_eq!(shown.bytes, picture);
    assert_eq!(bob.fetch(&found["media"]["thumb"]["url"]).await.expect(200).header("content-type"), "image/jpeg");
    let first = bob.get(&format!("{path}/versions/1")).await.expect(200);
    assert_eq!(first.json["files"][0]["content"], "draw();\n");

    let fork = bob.post(&format!("{path}/forks"), json!({"title": "My clock", "version": 2})).await.expect(201);
    assert_eq!(fork.json["forked_from_version_label"], "hands");
    assert_eq!(fork.json["origin_artifact_id"], artifact.json["id"]);
    let copied = bob.get(&format!("/v1/artifacts/{}/versions/1", fork.id())).await.expect(200);
    assert_eq!(copied.json["files"][0]["content"], "draw();\nhands();\n");
    let lineage = bob.get(&format!("/v1/artifacts/{}/lineage", fork.id())).await.expect(200);
    assert_eq!(lineage.json["items"][0]["id"], artifact.json["id"]);
    assert_eq!(lineage.json["items"][1]["id"], fork.json["id"]);
    assert_eq!(ada.get(&path).await.expect(200).json["forks_count"], 1);
}
