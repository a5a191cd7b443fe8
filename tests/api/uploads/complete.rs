//! POST /v1/uploads/{id}/complete

use harness::{Person, Reply, Value, database, json, pictures, together};
use shared::text::Sha256;
use uuid::Uuid;

fn path(upload: &Reply) -> String {
    format!("/v1/uploads/{}", upload.id())
}

async fn complete(person: &Person, upload: &Reply) -> Reply {
    person.post(&format!("{}/complete", path(upload)), json!({})).await
}

/// Bytes that go in three parts.
fn large() -> Vec<u8> {
    let mut bytes = Uuid::new_v4().as_bytes().repeat(17 * 65_536);
    bytes.push(b'x');
    bytes
}

/// Sends bytes in the parts of an upload, whatever was declared.
async fn send_all(person: &Person, upload: &Reply, bytes: &[u8]) {
    let parts = upload.json["parts"].as_array().expect("parts");
    for (part, piece) in parts.iter().zip(bytes.chunks(8 * 1024 * 1024)) {
        let _ = person.send_part(part, piece.to_vec()).await.expect(200);
    }
}

async fn expect_pending(person: &Person, upload: &Reply) {
    let read = person.get(&path(upload)).await.expect(200);
    assert_eq!((&read.json["state"], &read.json["blob"]), (&json!("pending"), &Value::Null));
}

#[tokio::test]
async fn verified_bytes_become_a_blob() {
    let ada = Person::register().await;
    let bytes = Uuid::new_v4().as_bytes().to_vec();
    let declared = ada.declare("attachment", "text/plain", &bytes).await.expect(201);
    let _ = complete(&ada, &declared).await.expect_problem(409, "upload_incomplete");
    expect_pending(&ada, &declared).await;
    let _ = ada.send_part(&declared.json["parts"][0], bytes.clone()).await.expect(200);
    expect_pending(&ada, &declared).await;
    let completed = complete(&ada, &declared).await.expect(200);
    assert_eq!((&completed.json["state"], &completed.json["parts"]), (&json!("ready"), &json!([])));
    assert_eq!(completed.json["id"], declared.json["id"]);
    let blob = &completed.json["blob"];
    assert_eq!((&blob["size"], &blob["content_type"]), (&json!(16), &json!("text/plain")));
    assert_eq!(blob["sha256"], Sha256::of(&bytes).to_string());
    assert_eq!(ada.fetch(&blob["url"]).await.expect(200).bytes, bytes);
    // A reply that was lost: the same again.
    assert_eq!(complete(&ada, &declared).await.expect(200).json, completed.json);
    // Without a body too.
    let bare = Reply::to(ada.request("POST", &format!("{}/complete", path(&declared)))).await.expect(200);
    assert_eq!(bare.json, completed.json);
}

#[tokio::test]
async fn many_may_complete_it_at_once() {
    let ada = Person::register().await;
    let picture = pictures::png(32, 32);
    let large = large();
    let small = ada.declare("avatar", "image/png", &picture).await.expect(201);
    send_all(&ada, &small, &picture).await;
    let in_parts = ada.declare("file", "video/mp4", &large).await.expect(201);
    send_all(&ada, &in_parts, &large).await;
    for upload in [small, in_parts] {
        let path = format!("{}/complete", path(&upload));
        let replies = together((0..4).map(|_| {
            let (ada, path) = (ada.clone(), path.clone());
            async move { ada.post(&path, json!({})).await }
        }));
        for reply in replies.await {
            assert_eq!(reply.expect(200).json["state"], "ready");
        }
    }
    let user: Uuid = ada.id().parse().expect("a UUID");
    // The picture, its thumbnail, and the large one.
    assert_eq!(database::number("select count(*) from blobs where user_id = $1", &[&user]).await, 3);
}

#[tokio::test]
async fn parts_that_make_something_else_make_nothing() {
    let ada = Person::register().await;
    let bytes = large();
    let mut wrong = bytes.clone();
    wrong[9 * 1024 * 1024] ^= 1;
    let declared = ada.declare("file", "video/mp4", &bytes).await.expect(201);
    send_all(&ada, &declared, &wrong).await;
    let _ = complete(&ada, &declared).await.expect_problem(409, "upload_mismatch");
    expect_pending(&ada, &declared).await;
    let sha256 = Sha256::of(&bytes).to_string();
    let _ = ada.get(&format!("/v1/blobs/{sha256}")).await.expect_problem(404, "not_found");
    let user: Uuid = ada.id().parse().expect("a UUID");
    assert_eq!(database::number("select count(*) from blobs where user_id = $1", &[&user]).await, 0);
    // Still not, and no longer there to be found.
    let _ = complete(&ada, &declared).await.expect_problem(409, "upload_incomplete");
    // The right ones find their place free.
    let again = ada.declare("file", "video/mp4", &bytes).await.expect(201);
    send_all(&ada, &again, &bytes).await;
    let completed = complete(&ada, &again).await.expect(200);
    assert!(ada.fetch(&completed.json["blob"]["url"]).await.expect(200).bytes == bytes);
}

/// A name is its bytes', for good: others may have forked what refers to it.
#[tokio::test]
async fn verified_bytes_are_never_replaced() {
    let ada = Person::register().await;
    let bytes = large();
    let mut wrong = bytes.clone();
    wrong[0] ^= 1;
    let first = ada.declare("file", "video/mp4", &bytes).await.expect(201);
    let second = ada.declare("file", "video/mp4", &bytes).await.expect(201);
    send_all(&ada, &first, &bytes).await;
    send_all(&ada, &second, &wrong).await;
    let completed = complete(&ada, &first).await.expect(200);
    let reply = complete(&ada, &second).await;
    assert!([200, 409].contains(&reply.status), "{}", reply.status);
    let served = ada.fetch(&completed.json["blob"]["url"]).await.expect(200);
    assert!(served.bytes == bytes);
    // Nor by parts that come late.
    let sent = ada.send_part(&second.json["parts"][0], wrong[..8 * 1024 * 1024].to_vec()).await;
    if sent.status == 200 {
        let _ = complete(&ada, &second).await;
    }
    assert!(ada.fetch(&completed.json["blob"]["url"]).await.expect(200).bytes == bytes);
}

#[tokio::test]
async fn of_right_and_wrong_bytes_at_once_no_wrong_ones_stay() {
    let ada = Person::register().await;
    let bytes = large();
    let mut wrong = bytes.clone();
    wrong[0] ^= 1;
    let mut uploads = Vec::new();
    for sent in [&wrong, &bytes] {
        let declared = ada.declare("file", "video/mp4", &bytes).await.expect(201);
        send_all(&ada, &declared, sent).await;
        uploads.push(declared);
    }
    let replies = together(uploads.iter().map(|upload| {
        let (ada, path) = (ada.clone(), format!("{}/complete", path(upload)));
        async move { ada.post(&path, json!({})).await.status }
    }));
    assert!(replies.await.iter().all(|status| [200, 409].contains(status)));
    // Where the wrong ones were in the way, they are no longer.
    let completed = complete(&ada, &uploads[1]).await.expect(200);
    assert!(ada.fetch(&completed.json["blob"]["url"]).await.expect(200).bytes == bytes);
}

#[tokio::test]
async fn parts_of_another_length_are_refused() {
    let ada = Person::register().await;
    let bytes = large();
    let declared = ada.declare("file", "video/mp4", &bytes).await.expect(201);
    for (index, size) in [(0, 8 * 1024 * 1024 - 1), (0, 8 * 1024 * 1024 + 1), (2, 0), (2, 1024 * 1024)] {
        let reply = ada.send_part(&declared.json["parts"][index], bytes[..size].to_vec()).await;
        assert!((400..500).contains(&reply.status), "{index} {size}: {}", reply.status);
    }
    let read = ada.get(&path(&declared)).await.expect(200);
    assert_eq!(read.json["parts"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn pictures_are_looked_at() {
    let ada = Person::register().await;
    let picture = pictures::png(64, 64);
    let svg = br#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;
    let script = [&picture[..16], b"<script>alert(1)</script>"].concat();
    let huge = {
        // A header that promises 100,000 pixels on each side.
        let mut huge = pictures::png(8, 8);
        huge[16..24].copy_from_slice(&[0, 1, 134, 160, 0, 1, 134, 160]);
        huge
    };
    for (purpose, content_type, bytes) in [
        ("avatar", "image/png", &svg[..]),
        ("screenshot", "image/png", b"<html><script>alert(1)</script></html>"),
        ("avatar", "image/jpeg", &picture),
        ("avatar", "image/gif", b"GIF89a"),
        ("avatar", "image/webp", b"RIFF\x10\0\0\0WEBPVP8 "),
        ("screenshot", "image/png", &picture[..picture.len() / 2]),
        ("screenshot", "image/png", &script),
        ("avatar", "image/png", &huge),
        ("avatar", "image/png", b"\0"),
    ] {
        let declared = ada.declare(purpose, content_type, bytes).await.expect(201);
        let _ = ada.send_part(&declared.json["parts"][0], bytes.to_vec()).await.expect(200);
        for _ in 0..2 {
            let _ = complete(&ada, &declared).await.expect_problem(422, "invalid_image");
        }
        expect_pending(&ada, &declared).await;
        let reply = ada.put("/v1/profiles/me/avatar", json!({"upload": declared.id()})).await;
        let _ = reply.expect_problem(422, "invalid_reference");
    }
    let user: Uuid = ada.id().parse().expect("a UUID");
    assert_eq!(database::number("select count(*) from blobs where user_id = $1", &[&user]).await, 0);
    // As a file it is just bytes.
    let _ = ada.upload("file", "image/svg+xml", svg).await;
}

#[tokio::test]
async fn what_was_declared_long_ago_has_expired() {
    let ada = Person::register().await;
    let bytes = Uuid::new_v4().as_bytes().to_vec();
    let declared = ada.declare("file", "text/plain", &bytes).await.expect(201);
    let _ = ada.send_part(&declared.json["parts"][0], bytes.clone()).await.expect(200);
    let ready = ada.upload("file", "text/plain", Uuid::new_v4().as_bytes()).await;
    let days = "select (extract(epoch from expires_at - created_at) / 86400)::bigint from uploads where id = $1";
    let id: Uuid = declared.id().parse().expect("a UUID");
    assert_eq!(database::number(days, &[&id]).await, 7);
    let user: Uuid = ada.id().parse().expect("a UUID");
    let expire = "update uploads set expires_at = now() - interval '1 second' where user_id = $1";
    database::behind().await.execute(expire, &[&user]).await.expect("it can be set");
    let _ = complete(&ada, &declared).await.expect_problem(409, "upload_expired");
    expect_pending(&ada, &declared).await;
    // What is ready stays so.
    assert_eq!(complete(&ada, &ready).await.expect(200).json["state"], "ready");
    // And the bytes that came in time serve the next declaration.
    let again = ada.declare("file", "text/plain", &bytes).await.expect(201);
    assert_eq!(complete(&ada, &again).await.expect(200).json["state"], "ready");
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let bytes = Uuid::new_v4().as_bytes().to_vec();
    let declared = ada.declare("file", "text/plain", &bytes).await.expect(201);
    let _ = ada.send_part(&declared.json["parts"][0], bytes).await.expect(200);
    let _ = complete(&bob, &declared).await.expect_problem(404, "not_found");
    let nobody = Person::anonymous();
    let _ = complete(&nobody, &declared).await.expect_problem(401, "unauthenticated");
    expect_pending(&ada, &declared).await;
    let nowhere = format!("/v1/uploads/{}/complete", Uuid::now_v7());
    let _ = bob.post(&nowhere, json!({})).await.expect_problem(404, "not_found");
    let reply = bob.post("/v1/uploads/%F0%9F%92%A3/complete", json!({})).await.expect_problem(400, "malformed");
    assert_eq!(reply.pointers(), ["/path/id"]);
}

#[tokio::test]
async fn the_body_is_read_strictly() {
    let ada = Person::register().await;
    let declared = ada.declare("file", "text/plain", b"abc").await.expect(201);
    ada.expect_strict("POST", &format!("{}/complete", path(&declared)), json!({})).await;
}
