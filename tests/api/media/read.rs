//! GET /v1/artifacts/{id}/media

use harness::{Person, json, pictures};
use uuid::Uuid;

#[tokio::test]
async fn without_a_picture_there_is_nothing_to_show() {
    let ada = Person::register().await;
    let path = format!("/v1/artifacts/{}/media", ada.create_artifact("public", "draw();\n").await.id());
    for person in [&ada, &Person::register().await, &Person::anonymous()] {
        let media = person.get(&path).await.expect(200);
        assert_eq!(media.json, json!({"screenshot": null, "thumb": null}));
    }
}

#[tokio::test]
async fn who_sees_the_artifact_sees_its_pictures() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = format!("/v1/artifacts/{}", ada.create_artifact("public", "draw();\n").await.id());
    let path = format!("{artifact}/media");
    let picture = pictures::png(30, 20);
    let body = json!({"screenshot": ada.upload("screenshot", "image/png", &picture).await.id()});
    let media = ada.send_with("PUT", &path, &[("if-match", "*")], body).await.expect(200);
    for person in [&ada, &bob, &Person::anonymous()] {
        let read = person.get(&path).await.expect(200);
        assert_eq!((&read.json, read.etag()), (&media.json, media.etag()));
        assert_eq!(person.fetch(&read.json["screenshot"]["url"]).await.expect(200).bytes, picture);
        let _ = person.send_with("GET", &path, &[("if-none-match", &media.etag())], json!({})).await.expect(304);
    }
    let _ = ada.patch(&artifact, &media.etag(), json!({"visibility": "private"})).await.expect(200);
    for person in [&bob, &Person::anonymous()] {
        let _ = person.get(&path).await.expect_problem(404, "not_found");
    }
    assert_eq!(ada.get(&path).await.expect(200).json, media.json);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let ada = Person::register().await;
    let _ = ada.get(&format!("/v1/artifacts/{}/media", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = ada.get("/v1/artifacts/7/media").await.expect_problem(400, "malformed");
    let path = format!("/v1/artifacts/{}/media?size=1", ada.create_artifact("public", "draw();\n").await.id());
    assert_eq!(ada.get(&path).await.expect_problem(422, "invalid").pointers(), ["/query/size"]);
}

#[tokio::test]
async fn what_is_in_the_trash_is_not_found() {
    let ada = Person::register().await;
    let path = ada.create_trashed_artifact().await;
    for person in [&ada, &Person::anonymous()] {
        let _ = person.get(&format!("{path}/media")).await.expect_problem(404, "not_found");
    }
}
