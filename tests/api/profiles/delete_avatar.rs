//! DELETE /v1/profiles/me/avatar

use harness::{Person, Value, json, pictures};
use shared::text::Sha256;

const PATH: &str = "/v1/profiles/me/avatar";

async fn show(person: &Person) -> Vec<u8> {
    let picture = pictures::png(8, 8);
    let upload = person.upload("avatar", "image/png", &picture).await;
    let _ = person.put(PATH, json!({"upload": upload.id()})).await.expect(200);
    picture
}

#[tokio::test]
async fn the_picture_is_taken_off_and_nothing_else() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let picture = show(&ada).await;
    let before = ada.get("/v1/profiles/me").await.expect(200);
    let reply = ada.delete(PATH).await.expect(204);
    assert!(reply.bytes.is_empty());
    let after = ada.get("/v1/profiles/me").await.expect(200);
    assert_eq!(after.json["avatar"], Value::Null);
    assert_ne!(after.etag(), before.etag());
    assert_eq!(after.json["display_name"], before.json["display_name"]);
    let seen = bob.get(&format!("/v1/profiles/{}", ada.handle())).await.expect(200);
    for name in ["avatar", "avatar_thumb", "avatar_small"] {
        assert_eq!(seen.json[name], Value::Null, "{name}");
    }
    // The bytes stay, and cost nothing to show again.
    let again = ada.declare("avatar", "image/png", &picture).await.expect(201);
    assert_eq!(again.json["state"], "ready");
    let shown = ada.put(PATH, json!({"upload": again.id()})).await.expect(200);
    assert_eq!(shown.json["avatar"]["sha256"], Sha256::of(&picture).to_string());
}

#[tokio::test]
async fn it_may_be_off_already() {
    let ada = Person::register().await;
    let before = ada.get("/v1/profiles/me").await.expect(200).etag();
    for _ in 0..2 {
        let _ = ada.delete(PATH).await.expect(204);
    }
    assert_eq!(ada.get("/v1/profiles/me").await.expect(200).etag(), before);
}

#[tokio::test]
async fn nobody_elses_is_taken_off() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let _ = show(&ada).await;
    let _ = bob.delete(PATH).await.expect(204);
    let _ = Person::anonymous().delete(PATH).await.expect_problem(401, "unauthenticated");
    assert_ne!(ada.get("/v1/profiles/me").await.expect(200).json["avatar"], Value::Null);
}

#[tokio::test]
async fn unknown_parameters_are_refused() {
    let ada = Person::register().await;
    let reply = ada.delete(&format!("{PATH}?of=bob")).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/of"]);
}
