//! POST /v1/messages/{id}/attachments

use harness::{Person, json, together};
use uuid::Uuid;

#[tokio::test]
async fn what_is_attached_later_comes_last() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let (first, second) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
    let upload = ada.upload("attachment", "text/plain", first.as_bytes()).await.id();
    let body = json!({"role": "user", "content": "See", "attachments": [upload]});
    let message = ada.post(&format!("/v1/chats/{chat}/messages"), body).await.expect(201);
    let path = format!("/v1/messages/{}/attachments", message.id());
    let upload = ada.upload("attachment", "text/markdown", second.as_bytes()).await.id();
    let made = ada.post(&path, json!({"upload": upload})).await.expect(201);
    assert_eq!((&made.json["mime_type"], &made.json["size_bytes"]), (&json!("text/markdown"), &json!(36)));
    let read = ada.get(&format!("/v1/messages/{}", message.id())).await.expect(200);
    assert_eq!(read.json["attachments"], json!([message.json["attachments"][0], made.json]));
    let fetched = ada.fetch(&made.json["blob"]["url"]).await.expect(200);
    assert_eq!(fetched.bytes, second.as_bytes());
}

#[tokio::test]
async fn a_message_has_at_most_twenty() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let upload = ada.upload("attachment", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let body = json!({"role": "user", "content": "See", "attachments": [upload, upload]});
    let message = ada.post(&format!("/v1/chats/{chat}/messages"), body).await.expect(201).id();
    let path = format!("/v1/messages/{message}/attachments");
    let replies = together((0..25).map(|_| {
        let (ada, path, upload) = (ada.clone(), path.clone(), upload.clone());
        async move { ada.post(&path, json!({"upload": upload})).await }
    }))
    .await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 18);
    let reply = ada.post(&path, json!({"upload": upload})).await.expect_problem(409, "conflict");
    assert_eq!(reply.pointers(), ["/upload"]);
    assert_eq!(ada.walk(&path).await.len(), 20);
}

#[tokio::test]
async fn what_cannot_be_attached_is_named() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let message = ada.post(&format!("/v1/chats/{chat}/messages"), json!({"role": "user", "content": "See"})).await;
    let path = format!("/v1/messages/{}/attachments", message.expect(201).id());
    let theirs = bob.upload("attachment", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let pending = ada.declare("attachment", "text/plain", Uuid::new_v4().as_bytes()).await.expect(201).id();
    let document = ada.upload("document", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    for upload in [theirs.clone(), pending, document, Uuid::now_v7().to_string()] {
        let reply = ada.post(&path, json!({"upload": upload})).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), ["/upload"]);
    }
    let _ = bob.post(&path, json!({"upload": theirs})).await.expect_problem(404, "not_found");
    ada.expect_strict("POST", &path, json!({"upload": theirs})).await;
    ada.expect_invalid("POST", &path, &json!({"upload": theirs}), &[("/upload", json!(7)), ("/upload", json!(""))])
        .await;
    assert!(ada.walk(&path).await.is_empty());
}
