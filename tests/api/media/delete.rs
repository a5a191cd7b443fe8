//! DELETE /v1/artifacts/{id}/media

use harness::{Person, Reply, json, pictures};
use uuid::Uuid;

async fn delete(person: &Person, artifact_id: &str, if_match: &str) -> Reply {
    let path = format!("/v1/artifacts/{artifact_id}/media");
    Reply::to(person.request("DELETE", &path).header("if-match", if_match)).await
}

async fn with_screenshot(person: &Person, visibility: &str) -> (String, String) {
    let id = person.create_artifact(visibility, "draw();\n").await.id();
    let upload = person.upload("screenshot", "image/png", &pictures::png(40, 30)).await.id();
    let path = format!("/v1/artifacts/{id}/media");
    let put = person.send_with("PUT", &path, &[("if-match", "*")], json!({"screenshot": upload})).await.expect(200);
    (id, put.etag())
}

#[tokio::test]
async fn the_pictures_go_for_everyone_and_may_come_back() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let (id, etag) = with_screenshot(&ada, "public").await;
    let _ = delete(&ada, &id, &etag).await.expect(204);
    for person in [&ada, &bob] {
        let read = person.get(&format!("/v1/artifacts/{id}")).await.expect(200);
        assert_eq!(read.json["media"], json!({"screenshot": null, "thumb": null, "small": null}));
        assert_eq!(person.get(&format!("/v1/artifacts/{id}/media")).await.expect(200).json, read.json["media"]);
    }
    // Again is no mistake.
    let _ = delete(&ada, &id, "*").await.expect(204);
    let upload = ada.upload("screenshot", "image/png", &pictures::png(41, 30)).await.id();
    let path = format!("/v1/artifacts/{id}/media");
    let put = ada.send_with("PUT", &path, &[("if-match", "*")], json!({"screenshot": upload})).await.expect(200);
    assert!(put.json["screenshot"]["url"].is_string());
}

#[tokio::test]
async fn a_stale_etag_changes_nothing() {
    let ada = Person::register().await;
    let (id, etag) = with_screenshot(&ada, "private").await;
    let title = json!({"title": "A watch"});
    let changed = ada.patch(&format!("/v1/artifacts/{id}"), &etag, title).await.expect(200);
    let _ = delete(&ada, &id, &etag).await.expect_problem(412, "stale");
    let _ = ada.delete(&format!("/v1/artifacts/{id}/media")).await.expect_problem(428, "precondition_required");
    assert_eq!(ada.get(&format!("/v1/artifacts/{id}")).await.expect(200).json["media"], changed.json["media"]);
    let _ = delete(&ada, &id, &changed.etag()).await.expect(204);
    let _ = ada.patch(&format!("/v1/artifacts/{id}"), &changed.etag(), json!({})).await.expect_problem(412, "stale");
}

#[tokio::test]
async fn someone_elses_and_what_is_gone_are_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    for visibility in ["public", "private"] {
        let (id, etag) = with_screenshot(&ada, visibility).await;
        let _ = delete(&bob, &id, "*").await.expect_problem(404, "not_found");
        let _ = delete(&bob, &id, &etag).await.expect_problem(404, "not_found");
        let _ = delete(&Person::anonymous(), &id, "*").await.expect_problem(401, "unauthenticated");
        let read = ada.get(&format!("/v1/artifacts/{id}/media")).await.expect(200);
        assert!(read.json["screenshot"]["url"].is_string());
        let _ = ada.delete(&format!("/v1/artifacts/{id}")).await.expect(204);
        let _ = delete(&ada, &id, "*").await.expect_problem(404, "not_found");
    }
    let _ = delete(&ada, &Uuid::now_v7().to_string(), "*").await.expect_problem(404, "not_found");
    let _ = delete(&ada, "nonsense", "*").await.expect_problem(400, "malformed");
}
