//! GET /v1/uploads/{id}

use harness::{Person, Reply, Value, json};
use shared::text::Sha256;
use uuid::Uuid;

fn path(upload: &Reply) -> String {
    format!("/v1/uploads/{}", upload.id())
}

fn numbers(upload: &Reply) -> Vec<u64> {
    let parts = upload.json["parts"].as_array().expect("parts");
    parts.iter().map(|part| part["number"].as_u64().expect("a number")).collect()
}

#[tokio::test]
async fn what_is_missing_is_signed_again() {
    let ada = Person::register().await;
    let bytes = Uuid::new_v4().as_bytes().to_vec();
    let declared = ada.declare("file", "text/plain", &bytes).await.expect(201);
    let read = ada.get(&path(&declared)).await.expect(200);
    for field in ["id", "state", "blob", "expires_at"] {
        assert_eq!(read.json[field], declared.json[field], "{field}");
    }
    assert_eq!(read.json["parts"][0]["headers"], declared.json["parts"][0]["headers"]);
    let _ = ada.send_part(&read.json["parts"][0], bytes.clone()).await.expect(200);
    let completed = ada.post(&format!("{}/complete", path(&declared)), json!({})).await.expect(200);
    let read = ada.get(&path(&declared)).await.expect(200);
    assert_eq!(read.json, completed.json);
    assert_eq!(ada.fetch(&read.json["blob"]["url"]).await.expect(200).bytes, bytes);
}

#[tokio::test]
async fn one_in_parts_goes_on_where_it_stopped() {
    let ada = Person::register().await;
    let mut bytes = Uuid::new_v4().as_bytes().repeat(17 * 65_536);
    bytes.push(b'x');
    let mut pieces = bytes.chunks(8 * 1024 * 1024).map(<[u8]>::to_vec);
    let (first, second, third) =
        (pieces.next().expect("three"), pieces.next().expect("three"), pieces.next().expect("three"));
    let declared = ada.declare("file", "video/mp4", &bytes).await.expect(201);
    assert_eq!(numbers(&declared), [1, 2, 3]);

    // In any order.
    let _ = ada.send_part(&declared.json["parts"][1], second).await.expect(200);
    let resumed = ada.get(&path(&declared)).await.expect(200);
    assert_eq!((numbers(&resumed), &resumed.json["state"]), (vec![1, 3], &json!("pending")));
    let complete = format!("{}/complete", path(&declared));
    let _ = ada.post(&complete, json!({})).await.expect_problem(409, "upload_incomplete");
    let _ = ada.send_part(&resumed.json["parts"][1], third).await.expect(200);
    let _ = ada.send_part(&resumed.json["parts"][0], first.clone()).await.expect(200);
    // A part may be sent again.
    let _ = ada.send_part(&resumed.json["parts"][0], first).await.expect(200);
    let whole = ada.get(&path(&declared)).await.expect(200);
    assert_eq!((numbers(&whole), &whole.json["state"]), (vec![], &json!("pending")));

    let completed = ada.post(&complete, json!({})).await.expect(200);
    assert_eq!(completed.json["state"], "ready");
    let blob = &completed.json["blob"];
    assert_eq!((&blob["size"], &blob["content_type"]), (&json!(bytes.len()), &json!("video/mp4")));
    assert_eq!(blob["sha256"], Sha256::of(&bytes).to_string());
    let served = ada.fetch(&blob["url"]).await.expect(200);
    assert!(served.bytes == bytes);
    assert_eq!(served.header("content-type"), "video/mp4");
    assert_eq!(ada.get(&path(&declared)).await.expect(200).json, completed.json);
    assert_eq!(ada.declare("file", "video/mp4", &bytes).await.expect(201).json["state"], "ready");
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let pending = ada.declare("file", "text/plain", Uuid::new_v4().as_bytes()).await.expect(201);
    let ready = ada.upload("file", "text/plain", Uuid::new_v4().as_bytes()).await;
    for upload in [&pending, &ready] {
        let _ = bob.get(&path(upload)).await.expect_problem(404, "not_found");
        let _ = Person::anonymous().get(&path(upload)).await.expect_problem(401, "unauthenticated");
    }
    let _ = bob.get(&format!("/v1/uploads/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn what_is_no_id_is_malformed() {
    let ada = Person::register().await;
    for wrong in ["7", "null", "%00", "%F0%9F%92%A3", &"x".repeat(5_000)] {
        let reply = ada.get(&format!("/v1/uploads/{wrong}")).await.expect_problem(400, "malformed");
        assert_eq!(reply.pointers(), ["/path/id"]);
    }
    let upload = ada.declare("file", "text/plain", b"abc").await.expect(201);
    let reply = ada.get(&format!("{}?parts=2", path(&upload))).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/parts"]);
}

#[tokio::test]
async fn where_it_lies_is_not_told() {
    let ada = Person::register().await;
    let upload = ada.upload("file", "text/plain", Uuid::new_v4().as_bytes()).await;
    let read = ada.get(&path(&upload)).await.expect(200);
    let mut fields: Vec<&String> = read.json["blob"].as_object().expect("a blob").keys().collect();
    fields.sort();
    assert_eq!(fields, ["content_type", "sha256", "size", "url"]);
    assert_eq!(read.json["parts"], Value::Array(Vec::new()));
}
