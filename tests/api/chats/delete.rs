//! DELETE /v1/chats/{id}

use harness::{Person, Value, database, json};
use uuid::Uuid;

#[tokio::test]
async fn a_chat_goes_with_its_messages() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({"title": "A clock"})).await.expect(201).id();
    let messages = format!("/v1/chats/{chat}/messages");
    let upload = ada.upload("attachment", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let question = json!({"role": "user", "content": "Draw a clock.", "attachments": [upload]});
    let question = ada.post(&messages, question).await.expect(201).id();
    let answer = json!({"role": "assistant", "content": "Here.", "parent_id": question});
    let _ = ada.post(&messages, answer).await.expect(201);
    let _ = ada.delete(&format!("/v1/chats/{chat}")).await.expect(204);
    assert!(ada.walk("/v1/chats").await.is_empty());
    let _ = ada.get(&messages).await.expect_problem(404, "not_found");
    let _ = ada.get(&format!("/v1/chats/{chat}")).await.expect_problem(404, "not_found");
    let _ = ada.delete(&format!("/v1/chats/{chat}")).await.expect_problem(404, "not_found");
    for table in ["messages", "chat_counts"] {
        let count = format!("select count(*) from {table} where chat_id = $1::text::uuid");
        assert_eq!(database::number(&count, &[&chat]).await, 0, "{table}");
    }
}

#[tokio::test]
async fn what_a_chat_led_to_stays() {
    let ada = Person::register().await;
    let chat = format!("/v1/chats/{}", ada.post("/v1/chats", json!({})).await.expect(201).id());
    let project = ada.put(&format!("{chat}/project"), json!({})).await.expect(201).id();
    let artifact = json!({"title": "A clock", "chat_id": &chat["/v1/chats/".len()..]});
    let artifact = ada.post("/v1/artifacts", artifact).await.expect(201).id();
    let _ = ada.delete(&chat).await.expect(204);
    for path in [format!("/v1/projects/{project}"), format!("/v1/artifacts/{artifact}")] {
        assert_eq!(ada.get(&path).await.expect(200).json["chat_id"], Value::Null, "{path}");
    }
}

#[tokio::test]
async fn someone_elses_chat_stays() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let _ = bob.delete(&format!("/v1/chats/{chat}")).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().delete(&format!("/v1/chats/{chat}")).await.expect_problem(401, "unauthenticated");
    let _ = ada.delete(&format!("/v1/chats/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = ada.delete("/v1/chats/7").await.expect_problem(400, "malformed");
    assert_eq!(ada.walk("/v1/chats").await.len(), 1);
}
