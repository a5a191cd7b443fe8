//! PUT /v1/artifacts/{id}/media

use harness::{Person, Reply, Value, json, pictures};
use uuid::Uuid;

async fn put(person: &Person, artifact: &Reply, if_match: &str, screenshot: &str) -> Reply {
    let path = format!("/v1/artifacts/{}/media", artifact.id());
    person.send_with("PUT", &path, &[("if-match", if_match)], json!({ "screenshot": screenshot })).await
}

async fn screenshot(person: &Person) -> String {
    person.upload("screenshot", "image/png", &pictures::png(40, 30)).await.id()
}

/// Width and height that a baseline or progressive JPEG declares.
fn jpeg_size(bytes: &[u8]) -> (u16, u16) {
    let start = bytes.windows(2).position(|marker| marker == [0xff, 0xc0] || marker == [0xff, 0xc2]).expect("a JPEG");
    let number = |at: usize| u16::from_be_bytes([bytes[start + at], bytes[start + at + 1]]);
    (number(7), number(5))
}

#[tokio::test]
async fn a_screenshot_is_shown_with_a_thumbnail_made_by_us() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("public", "draw();\n").await;
    for (width, height) in [(1000, 500), (300, 900), (20, 10)] {
        let picture = pictures::png(width, height);
        let upload = ada.upload("screenshot", "image/png", &picture).await;
        let media = put(&ada, &artifact, "*", &upload.id()).await.expect(200);
        assert_eq!(media.json["screenshot"]["sha256"], upload.json["blob"]["sha256"]);
        assert_eq!(media.json["screenshot"]["content_type"], "image/png");
        assert_eq!(media.json["thumb"]["content_type"], "image/jpeg");
        assert_eq!(bob.fetch(&media.json["screenshot"]["url"]).await.expect(200).bytes, picture);
        let thumb = bob.fetch(&media.json["thumb"]["url"]).await.expect(200);
        assert_eq!(thumb.header("content-type"), "image/jpeg");
        let (thumb_width, thumb_height) = jpeg_size(&thumb.bytes);
        assert!(thumb_width.max(thumb_height) <= 480, "{thumb_width} x {thumb_height}");
        let (expected, found) =
            (f64::from(width) / f64::from(height), f64::from(thumb_width) / f64::from(thumb_height));
        assert!((expected / found - 1.0).abs() < 0.1, "{width} x {height} became {thumb_width} x {thumb_height}");
        let read = bob.get(&format!("/v1/artifacts/{}", artifact.id())).await.expect(200);
        assert_eq!(read.json["media"], media.json);
        for (name, value) in media.json.as_object().expect("an object") {
            let fields: Vec<&String> = value.as_object().expect("a blob").keys().collect();
            assert_eq!(fields, ["sha256", "size", "content_type", "url"], "{name}");
        }
    }
}

#[tokio::test]
async fn either_etag_serves_and_a_stale_one_does_not() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("private", "draw();\n").await;
    let (path, upload) = (format!("/v1/artifacts/{}/media", artifact.id()), screenshot(&ada).await);
    let body = json!({ "screenshot": upload });
    let _ = ada.put(&path, body).await.expect_problem(428, "precondition_required");
    let first = put(&ada, &artifact, &artifact.etag(), &upload).await.expect(200);
    assert_eq!(ada.get(&path).await.expect(200).etag(), first.etag());
    let _ = put(&ada, &artifact, &artifact.etag(), &upload).await.expect_problem(412, "stale");
    let second = put(&ada, &artifact, &first.etag(), &screenshot(&ada).await).await.expect(200);
    let title = json!({"title": "A watch"});
    let changed = ada.patch(&format!("/v1/artifacts/{}", artifact.id()), &second.etag(), title).await.expect(200);
    assert_eq!(changed.json["media"], second.json);
    let _ = put(&ada, &artifact, &second.etag(), &upload).await.expect_problem(412, "stale");
    let last = put(&ada, &artifact, "*", &upload).await.expect(200);
    assert_eq!(last.json, first.json);
}

#[tokio::test]
async fn only_ones_own_finished_screenshots_can_be_shown() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("private", "draw();\n").await;
    let picture = pictures::png(10, 10);
    let pending = ada.declare("screenshot", "image/png", &pictures::png(10, 10)).await.expect(201).id();
    for upload in [
        screenshot(&bob).await,
        pending,
        ada.upload("avatar", "image/png", &picture).await.id(),
        ada.upload("artifact_file", "image/png", &pictures::png(10, 10)).await.id(),
        Uuid::now_v7().to_string(),
    ] {
        let reply = put(&ada, &artifact, "*", &upload).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), ["/screenshot"]);
    }
    let read = ada.get(&format!("/v1/artifacts/{}", artifact.id())).await.expect(200);
    assert_eq!((read.json["media"]["screenshot"].clone(), read.etag()), (Value::Null, artifact.etag()));
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let upload = screenshot(&bob).await;
    for visibility in ["public", "private"] {
        let artifact = ada.create_artifact(visibility, "draw();\n").await;
        for if_match in ["*", &artifact.etag()] {
            let _ = put(&bob, &artifact, if_match, &upload).await.expect_problem(404, "not_found");
        }
        let read = ada.get(&format!("/v1/artifacts/{}/media", artifact.id())).await.expect(200);
        assert_eq!(read.json, json!({"screenshot": null, "thumb": null}));
    }
    let nowhere = format!("/v1/artifacts/{}/media", Uuid::now_v7());
    let body = json!({ "screenshot": upload });
    let _ = bob.send_with("PUT", &nowhere, &[("if-match", "*")], body).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let path = format!("/v1/artifacts/{}/media", ada.create_artifact("private", "draw();\n").await.id());
    let body = json!({"screenshot": screenshot(&ada).await});
    ada.expect_strict("PUT", &path, body.clone()).await;
    let wrong = [
        ("/screenshot", json!("")),
        ("/screenshot", json!("\u{0}")),
        ("/screenshot", json!(7)),
        ("/screenshot", Value::Null),
        ("/thumb", body["screenshot"].clone()),
    ];
    ada.expect_invalid("PUT", &path, &body, &wrong).await;
    let _ = ada.send_text("PUT", &path, "").await.expect_problem(422, "invalid");
}

#[tokio::test]
async fn what_is_in_the_trash_is_not_found() {
    let ada = Person::register().await;
    let path = ada.create_trashed_artifact().await;
    let body = json!({"screenshot": screenshot(&ada).await});
    let reply = ada.send_with("PUT", &format!("{path}/media"), &[("if-match", "*")], body).await;
    let _ = reply.expect_problem(404, "not_found");
}
