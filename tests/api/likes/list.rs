//! GET /v1/artifacts/{id}/likes

use harness::{Person, json, pictures};
use uuid::Uuid;

#[tokio::test]
async fn who_likes_it_newest_first() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("public", "draw();\n").await;
    let path = format!("/v1/artifacts/{}", artifact.id());
    let mut handles = Vec::new();
    for _ in 0..5 {
        let person = Person::register().await;
        let _ = person.put(&format!("{path}/like"), json!({})).await.expect(200);
        handles.insert(0, person.handle().to_owned());
    }
    let avatar = json!({"upload": ada.upload("avatar", "image/png", &pictures::png(9, 9)).await.id()});
    let _ = ada.put("/v1/profiles/me/avatar", avatar).await.expect(200);
    let _ = ada.put(&format!("{path}/like"), json!({})).await.expect(200);
    handles.insert(0, ada.handle().to_owned());
    let likes = Person::anonymous().walk(&format!("{path}/likes?limit=4")).await;
    let found: Vec<&str> = likes.iter().map(|like| like["handle"].as_str().expect("a handle")).collect();
    assert_eq!(found, handles);
    let mut first = likes[0].clone();
    assert!(first["created_at"].is_string());
    assert_eq!(ada.fetch(&first["avatar"]["url"]).await.expect(200).header("content-type"), "image/png");
    first.as_object_mut().expect("an object").remove("created_at");
    assert_eq!(first, ada.get(&path).await.expect(200).json["owner"]);
}

#[tokio::test]
async fn what_cannot_be_seen_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let artifact = ada.create_artifact("private", "draw();\n").await;
    let path = format!("/v1/artifacts/{}/likes", artifact.id());
    assert_eq!(ada.get(&path).await.expect(200).json, json!({"items": [], "next_cursor": null}));
    for person in [&bob, &Person::anonymous()] {
        let _ = person.get(&path).await.expect_problem(404, "not_found");
    }
    let _ = bob.get(&format!("/v1/artifacts/{}/likes", Uuid::now_v7())).await.expect_problem(404, "not_found");
    for (query, pointer) in [("limit=0", "/query/limit"), ("cursor=7", "/query/cursor"), ("who=1", "/query/who")] {
        let reply = ada.get(&format!("{path}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
    let _ = ada.delete(path.trim_end_matches("/likes")).await.expect(204);
    let _ = ada.get(&path).await.expect_problem(404, "not_found");
}
