//! DELETE /v1/shares/{id}

use harness::{Person, json, together};
use uuid::Uuid;

#[tokio::test]
async fn a_link_is_revoked_at_once() {
    let (ada, bob, nobody) = (Person::register().await, Person::register().await, Person::anonymous());
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let share = ada.post("/v1/shares", json!({"chat_id": chat})).await.expect(201);
    let other = ada.share(json!({"chat_id": chat})).await;
    let path = share.json["path"].as_str().expect("a path").to_owned();
    let reader = nobody.reader(&path).await;
    let delete = format!("/v1/shares/{}", share.id());
    let _ = bob.delete(&delete).await.expect_problem(404, "not_found");
    let _ = nobody.delete(&delete).await.expect_problem(401, "unauthenticated");
    let _ = reader.get(&format!("{path}/messages")).await.expect(200);
    let _ = ada.delete(&delete).await.expect(204);
    let _ = nobody.get(&path).await.expect_problem(410, "share_revoked");
    let _ = ada.get(&path).await.expect_problem(410, "share_revoked");
    let _ = reader.get(&format!("{path}/messages")).await.expect_problem(410, "share_revoked");
    let _ = nobody.get(&other).await.expect(200);
    let _ = ada.delete(&delete).await.expect_problem(404, "not_found");
    let _ = ada.delete(&format!("/v1/shares/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = ada.delete("/v1/shares/7").await.expect_problem(400, "malformed");
}

#[tokio::test]
async fn of_many_who_revoke_it_one_does() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let share = ada.post("/v1/shares", json!({"chat_id": chat})).await.expect(201);
    let replies = together((0..20).map(|_| {
        let (ada, path) = (ada.clone(), format!("/v1/shares/{}", share.id()));
        async move { ada.delete(&path).await.status }
    }))
    .await;
    assert_eq!(replies.iter().filter(|status| **status == 204).count(), 1, "{replies:?}");
}

#[tokio::test]
async fn an_account_goes_with_its_links() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let message = json!({"role": "user", "content": "Draw a clock."});
    let message = ada.post(&format!("/v1/chats/{chat}/messages"), message).await.expect(201).id();
    let paths = [
        ada.share(json!({"chat_id": chat, "message_id": message})).await,
        ada.share(json!({"artifact_id": artifact, "version": 1})).await,
    ];
    let nobody = Person::anonymous();
    for path in &paths {
        let _ = nobody.get(path).await.expect(200);
    }
    let remove = "delete from users where id = $1::text::uuid";
    assert_eq!(harness::database::behind().await.execute(remove, &[&ada.id()]).await.expect("it can be removed"), 1);
    for path in &paths {
        let _ = nobody.get(path).await.expect_problem(404, "not_found");
    }
}
