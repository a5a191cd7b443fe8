//! PUT /v1/profiles/me/avatar

use harness::{Person, Value, json, pictures};
use shared::text::Sha256;
use uuid::Uuid;

const PATH: &str = "/v1/profiles/me/avatar";

#[tokio::test]
async fn a_picture_is_shown() {
    let ada = Person::register().await;
    let before = ada.get("/v1/profiles/me").await.expect(200);
    let picture = pictures::png(600, 300);
    let upload = ada.upload("avatar", "image/png", &picture).await;
    let shown = ada.put(PATH, json!({"upload": upload.id()})).await.expect(200);
    let avatar = &shown.json["avatar"];
    assert_eq!(avatar["sha256"], Sha256::of(&picture).to_string());
    assert_eq!((&avatar["size"], &avatar["content_type"]), (&json!(picture.len()), &json!("image/png")));
    assert_eq!(avatar.as_object().expect("a blob").len(), 4);
    let served = ada.fetch(&avatar["url"]).await.expect(200);
    assert_eq!((served.header("content-type"), &served.bytes), ("image/png", &picture));
    for (name, width, height) in [("avatar_thumb", 480, 240), ("avatar_small", 160, 80)] {
        let blob = &shown.json[name];
        let thumb = ada.fetch(&blob["url"]).await.expect(200);
        assert_eq!((thumb.header("content-type"), &blob["content_type"]), ("image/jpeg", &json!("image/jpeg")));
        let thumb = pictures::decode(&thumb.bytes);
        assert_eq!((thumb.width(), thumb.height()), (width, height), "{name}");
    }
    // A browser shows it in its place.
    assert_eq!(served.header("content-disposition"), "");

    assert_ne!(shown.etag(), before.etag());
    let read = ada.get("/v1/profiles/me").await.expect(200);
    assert_eq!((&read.json, read.etag()), (&shown.json, shown.etag()));
    assert_eq!(read.json["display_name"], before.json["display_name"]);
}

#[tokio::test]
async fn the_newest_replaces_the_one_before() {
    let ada = Person::register().await;
    let (first, second) = (pictures::png(8, 8), pictures::png(9, 9));
    for picture in [&first, &second, &first] {
        let upload = ada.upload("avatar", "image/png", picture).await;
        let shown = ada.put(PATH, json!({"upload": upload.id()})).await.expect(200);
        assert_eq!(shown.json["avatar"]["sha256"], Sha256::of(picture).to_string());
    }
}

#[tokio::test]
async fn it_is_shown_beside_what_is_theirs() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let picture = pictures::png(8, 8);
    let upload = ada.upload("avatar", "image/png", &picture).await;
    let _ = ada.put(PATH, json!({"upload": upload.id()})).await.expect(200);
    let artifact = ada.create_artifact("public", "draw();").await;
    let seen = bob.get(&format!("/v1/artifacts/{}", artifact.id())).await.expect(200);
    let avatar = &seen.json["owner"]["avatar"];
    assert_eq!(avatar["sha256"], Sha256::of(&picture).to_string());
    assert_eq!(bob.fetch(&avatar["url"]).await.expect(200).bytes, picture);
    // Small beside what is listed; in both sizes on the profile itself.
    let small = &seen.json["owner"]["avatar_small"];
    assert_eq!(pictures::decode(&bob.fetch(&small["url"]).await.expect(200).bytes).width(), 8);
    let profile = bob.get(&format!("/v1/profiles/{}", ada.handle())).await.expect(200);
    assert_eq!(&profile.json["avatar_small"], small);
    let _ = bob.fetch(&profile.json["avatar_thumb"]["url"]).await.expect(200);
    let _ = ada.put(&format!("/v1/artifacts/{}/like", artifact.id()), json!({})).await.expect(200);
    let likes = bob.get(&format!("/v1/artifacts/{}/likes", artifact.id())).await.expect(200);
    assert_eq!(&likes.json["items"][0]["avatar_small"], small);
    let lineage = bob.get(&format!("/v1/artifacts/{}/lineage", artifact.id())).await.expect(200);
    assert_eq!(&lineage.json["items"][0]["owner"]["avatar_small"], small);
}

#[tokio::test]
async fn only_a_completed_upload_of_ones_own_for_this_will_do() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let picture = pictures::png(8, 8);
    let pending = ada.declare("avatar", "image/png", &pictures::png(9, 9)).await.expect(201);
    let screenshot = ada.upload("screenshot", "image/png", &picture).await;
    let file = ada.upload("file", "image/png", &pictures::png(10, 10)).await;
    let theirs = bob.upload("avatar", "image/png", &picture).await;
    for upload in [pending.id(), screenshot.id(), file.id(), theirs.id(), Uuid::now_v7().to_string()] {
        let reply = ada.put(PATH, json!({"upload": upload})).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), ["/upload"]);
    }
    assert_eq!(ada.get("/v1/profiles/me").await.expect(200).json["avatar"], Value::Null);
    assert_eq!(bob.get("/v1/profiles/me").await.expect(200).json["avatar"], Value::Null);
    let _ = bob.put(PATH, json!({"upload": theirs.id()})).await.expect(200);
}

#[tokio::test]
async fn an_upload_given_up_is_none_but_what_it_made_stays_shown() {
    let ada = Person::register().await;
    let picture = pictures::png(8, 8);
    let (shown, given_up) = (
        ada.upload("avatar", "image/png", &picture).await,
        ada.upload("avatar", "image/png", &pictures::png(9, 9)).await,
    );
    let _ = ada.put(PATH, json!({"upload": shown.id()})).await.expect(200);
    for upload in [&shown, &given_up] {
        let _ = ada.delete(&format!("/v1/uploads/{}", upload.id())).await.expect(204);
        let reply = ada.put(PATH, json!({"upload": upload.id()})).await;
        assert_eq!(reply.expect_problem(422, "invalid_reference").pointers(), ["/upload"]);
    }
    let avatar = ada.get("/v1/profiles/me").await.expect(200).json["avatar"].clone();
    assert_eq!(ada.fetch(&avatar["url"]).await.expect(200).bytes, picture);
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let body = json!({"upload": Uuid::now_v7()});
    ada.expect_strict("PUT", PATH, body.clone()).await;
    ada.expect_invalid(
        "PUT",
        PATH,
        &body,
        &[
            ("/upload", Value::Null),
            ("/upload", json!("")),
            ("/upload", json!("\u{0}")),
            ("/upload", json!("\u{1f4a3}")),
            ("/upload", json!("x".repeat(1_000_000))),
            ("/upload", json!(7)),
            ("/upload", json!([Uuid::now_v7()])),
            ("/url", json!("https://example.com/a.png")),
        ],
    )
    .await;
    let _ = ada.put(PATH, json!({})).await.expect_problem(422, "invalid");
}
