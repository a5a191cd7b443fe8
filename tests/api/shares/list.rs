//! GET /v1/shares

use harness::{Person, Value, database, json};
use uuid::Uuid;

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["id"].as_str().expect("an id")).collect()
}

#[tokio::test]
async fn links_are_listed_by_what_they_lead_to() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let mut made = Vec::new();
    for body in [json!({"chat_id": chat}), json!({"artifact_id": artifact}), json!({"chat_id": chat, "max_views": 7})] {
        made.push(ada.post("/v1/shares", body).await.expect(201));
    }
    let [first, second, third] = [0, 1, 2].map(|index: usize| made[index].id());
    for limit in [1, 2, 100] {
        let list = |filter: String| format!("/v1/shares?limit={limit}{filter}");
        assert_eq!(ids(&ada.walk(&list(String::new())).await), [&*third, &second, &first]);
        assert_eq!(ids(&ada.walk(&list(format!("&chat_id={chat}"))).await), [&*third, &first]);
        assert_eq!(ids(&ada.walk(&list(format!("&artifact_id={artifact}"))).await), [&*second]);
        assert!(ada.walk(&list(format!("&chat_id={}", Uuid::now_v7()))).await.is_empty());
        assert!(bob.walk(&list(format!("&chat_id={chat}"))).await.is_empty());
        assert!(bob.walk(&list(String::new())).await.is_empty());
    }
    let mut expected = made[2].json.clone();
    for secret in ["token", "path"] {
        expected.as_object_mut().expect("an object").remove(secret);
    }
    assert_eq!(ada.walk("/v1/shares").await[0], expected);
    let _ = ada.delete(&format!("/v1/shares/{second}")).await.expect(204);
    assert_eq!(ids(&ada.walk("/v1/shares").await), [&*third, &first]);
}

#[tokio::test]
async fn it_says_how_they_are() {
    let (ada, nobody) = (Person::register().await, Person::anonymous());
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let path = ada.share(json!({"chat_id": chat, "max_views": 2})).await;
    let item = async || ada.get("/v1/shares").await.expect(200).json["items"][0].clone();
    let told = |item: &Value| (item["state"].as_str().map(str::to_owned), item["views_count"].as_i64());
    let _ = nobody.get(&path).await.expect(200);
    assert_eq!(told(&item().await), (Some("active".to_owned()), Some(1)));
    assert!(item().await["last_viewed_at"].is_string());
    let _ = nobody.get(&path).await.expect(200);
    assert_eq!(told(&item().await), (Some("spent".to_owned()), Some(2)));
    let _ = ada.delete(&format!("/v1/chats/{chat}")).await.expect(204);
    assert_eq!(told(&item().await), (Some("gone".to_owned()), Some(2)));
    assert_eq!((&item().await["kind"], &item().await["chat_id"]), (&json!("chat"), &json!(null)));

    let share = ada.post("/v1/shares", json!({"artifact_id": artifact})).await.expect(201).id();
    let _ = ada.delete(&format!("/v1/artifacts/{artifact}")).await.expect(204);
    assert_eq!(told(&item().await), (Some("gone".to_owned()), Some(0)));
    let _ = ada.post(&format!("/v1/artifacts/{artifact}/undelete"), json!({})).await.expect(200);
    assert_eq!(told(&item().await), (Some("active".to_owned()), Some(0)));
    let expire = "update shares set expires_at = now() where id = $1::text::uuid";
    assert_eq!(database::behind().await.execute(expire, &[&share]).await.expect("works"), 1);
    assert_eq!(told(&item().await), (Some("expired".to_owned()), Some(0)));
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let ada = Person::register().await;
    let _ = Person::anonymous().get("/v1/shares").await.expect_problem(401, "unauthenticated");
    let id = Uuid::now_v7();
    for (query, pointer) in [
        ("limit=0".to_owned(), "/query/limit"),
        ("cursor=7".to_owned(), "/query/cursor"),
        ("chat_id=7".to_owned(), "/query/chat_id"),
        ("artifact_id=".to_owned(), "/query/artifact_id"),
        ("state=active".to_owned(), "/query/state"),
        (format!("chat_id={id}&artifact_id={id}"), "/query/artifact_id"),
    ] {
        let reply = ada.get(&format!("/v1/shares?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
}
