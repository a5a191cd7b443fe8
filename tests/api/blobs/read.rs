//! GET /v1/blobs/{sha256}

use harness::{Person, json, pictures};
use shared::text::Sha256;
use uuid::Uuid;

fn path(bytes: &[u8]) -> String {
    format!("/v1/blobs/{}", Sha256::of(bytes))
}

#[tokio::test]
async fn it_leads_to_the_bytes() {
    let ada = Person::register().await;
    let page = format!("<script>alert('{}')</script>", Uuid::new_v4()).into_bytes();
    let _ = ada.upload("file", "text/html", &page).await;
    let found = ada.get(&path(&page)).await.expect(302);
    assert!(found.bytes.is_empty());
    let served = ada.fetch(&json!(found.header("location"))).await.expect(200);
    assert_eq!((served.header("content-type"), &served.bytes), ("text/html", &page));
    // Hostile until proven otherwise: nothing that a browser would run.
    assert_eq!(served.header("content-disposition"), "attachment");
    // The URL stays the same for a while, so that caches know it, and for strangers it is nothing without its signature.
    assert_eq!(ada.get(&path(&page)).await.expect(302).header("location"), found.header("location"));
    let bare = found.header("location").split('?').next().expect("a URL");
    assert!((400..500).contains(&ada.fetch(&json!(bare)).await.status));
    let inline = found.header("location").replace("=attachment", "=inline");
    assert!((400..500).contains(&ada.fetch(&json!(inline)).await.status));
}

#[tokio::test]
async fn a_picture_is_served_as_one() {
    let ada = Person::register().await;
    let picture = pictures::png(8, 8);
    let _ = ada.upload("avatar", "image/png", &picture).await;
    let found = ada.get(&path(&picture)).await.expect(302);
    let served = ada.fetch(&json!(found.header("location"))).await.expect(200);
    assert_eq!((served.header("content-type"), &served.bytes), ("image/png", &picture));
}

#[tokio::test]
async fn a_hash_may_be_spelled_in_capitals() {
    let ada = Person::register().await;
    let bytes = Uuid::new_v4();
    let _ = ada.upload("file", "text/plain", bytes.as_bytes()).await;
    let _ =
        ada.get(&format!("/v1/blobs/{}", Sha256::of(bytes.as_bytes()).to_string().to_uppercase())).await.expect(302);
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let bytes = Uuid::new_v4();
    let _ = ada.upload("file", "text/plain", bytes.as_bytes()).await;
    let _ = bob.get(&path(bytes.as_bytes())).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().get(&path(bytes.as_bytes())).await.expect_problem(401, "unauthenticated");
    // Not even a public picture of theirs: a name is its owner's.
    let picture = pictures::png(8, 8);
    let upload = ada.upload("avatar", "image/png", &picture).await;
    let _ = ada.put("/v1/profiles/me/avatar", json!({"upload": upload.id()})).await.expect(200);
    let _ = bob.get(&path(&picture)).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn what_is_not_in_the_bucket_is_not_found() {
    let ada = Person::register().await;
    let _ = ada.get(&path(Uuid::new_v4().as_bytes())).await.expect_problem(404, "not_found");
    let declared = Uuid::new_v4();
    let _ = ada.declare("file", "text/plain", declared.as_bytes()).await.expect(201);
    let _ = ada.get(&path(declared.as_bytes())).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn what_is_no_hash_is_malformed() {
    let ada = Person::register().await;
    let (short, long, no_hex) = ("0".repeat(63), "0".repeat(65), "g".repeat(64));
    for wrong in [&short, &long, &no_hex, "me", "%00", "%F0%9F%92%A3", "..%2F..%2Fetc%2Fpasswd", &"x".repeat(5_000)] {
        let reply = ada.get(&format!("/v1/blobs/{wrong}")).await.expect_problem(400, "malformed");
        assert_eq!(reply.pointers(), ["/path/sha256"], "{wrong}");
    }
    let reply = ada.get(&format!("{}?download=1", path(b"a"))).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/download"]);
}
