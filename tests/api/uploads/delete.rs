//! DELETE /v1/uploads/{id}

use harness::{Person, Reply, json};
use uuid::Uuid;

fn path(upload: &Reply) -> String {
    format!("/v1/uploads/{}", upload.id())
}

#[tokio::test]
async fn an_upload_is_given_up() {
    let ada = Person::register().await;
    let bytes = Uuid::new_v4().as_bytes().to_vec();
    let declared = ada.declare("file", "text/plain", &bytes).await.expect(201);
    let reply = ada.delete(&path(&declared)).await.expect(204);
    assert!(reply.bytes.is_empty());
    let _ = ada.get(&path(&declared)).await.expect_problem(404, "not_found");
    let reply = ada.post(&format!("{}/complete", path(&declared)), json!({})).await;
    let _ = reply.expect_problem(404, "not_found");
    let _ = ada.delete(&path(&declared)).await.expect_problem(404, "not_found");
    let _ = ada.upload("file", "text/plain", &bytes).await;
}

#[tokio::test]
async fn its_parts_are_given_up_with_it() {
    let ada = Person::register().await;
    let mut bytes = Uuid::new_v4().as_bytes().repeat(17 * 65_536);
    bytes.push(b'x');
    let declared = ada.declare("file", "video/mp4", &bytes).await.expect(201);
    let parts = &declared.json["parts"];
    let _ = ada.send_part(&parts[2], bytes[16 * 1024 * 1024..].to_vec()).await.expect(200);
    let _ = ada.delete(&path(&declared)).await.expect(204);
    let reply = ada.send_part(&parts[2], bytes[16 * 1024 * 1024..].to_vec()).await;
    assert_eq!(reply.status, 404, "{}", String::from_utf8_lossy(&reply.bytes));
}

#[tokio::test]
async fn what_it_made_ready_stays() {
    let ada = Person::register().await;
    let bytes = Uuid::new_v4().as_bytes().to_vec();
    let ready = ada.upload("file", "text/plain", &bytes).await;
    let _ = ada.delete(&path(&ready)).await.expect(204);
    let _ = ada.get(&path(&ready)).await.expect_problem(404, "not_found");
    assert_eq!(ada.fetch(&ready.json["blob"]["url"]).await.expect(200).bytes, bytes);
    assert_eq!(ada.declare("file", "text/plain", &bytes).await.expect(201).json["state"], "ready");
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let declared = ada.declare("file", "text/plain", Uuid::new_v4().as_bytes()).await.expect(201);
    let _ = bob.delete(&path(&declared)).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().delete(&path(&declared)).await.expect_problem(401, "unauthenticated");
    assert_eq!(ada.get(&path(&declared)).await.expect(200).json["state"], "pending");
    let _ = ada.delete(&format!("/v1/uploads/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn what_is_no_id_is_malformed() {
    let ada = Person::register().await;
    for wrong in ["7", "%00", "%F0%9F%92%A3"] {
        let reply = ada.delete(&format!("/v1/uploads/{wrong}")).await.expect_problem(400, "malformed");
        assert_eq!(reply.pointers(), ["/path/id"]);
    }
}
