//! DELETE /v1/messages/{id}

use harness::{Person, Value, json, together};
use uuid::Uuid;

async fn say(person: &Person, path: &str, content: &str, parent: Option<&str>) -> String {
    person.post(path, json!({"role": "user", "content": content, "parent_id": parent})).await.expect(201).id()
}

async fn parent_of(person: &Person, id: &str) -> Value {
    person.get(&format!("/v1/messages/{id}")).await.expect(200).json["parent_id"].clone()
}

#[tokio::test]
async fn answers_go_on_to_what_it_answered() {
    let ada = Person::register().await;
    let path = format!("/v1/chats/{}/messages", ada.post("/v1/chats", json!({})).await.expect(201).id());
    let first = say(&ada, &path, "1", None).await;
    let second = say(&ada, &path, "2", Some(&first)).await;
    let answers = [say(&ada, &path, "3", Some(&second)).await, say(&ada, &path, "3'", Some(&second)).await];
    let _ = ada.delete(&format!("/v1/messages/{second}")).await.expect(204);
    for answer in &answers {
        assert_eq!(parent_of(&ada, answer).await, json!(first));
    }
    let _ = ada.delete(&format!("/v1/messages/{first}")).await.expect(204);
    assert_eq!(parent_of(&ada, &answers[0]).await, Value::Null);
    let _ = ada.get(&format!("/v1/messages/{first}")).await.expect_problem(404, "not_found");
    let _ = ada.delete(&format!("/v1/messages/{first}")).await.expect_problem(404, "not_found");
    assert_eq!(ada.walk("/v1/chats").await[0]["message_count"], 2);
}

#[tokio::test]
async fn a_branch_that_is_deleted_all_at_once_leaves_its_end() {
    let ada = Person::register().await;
    let path = format!("/v1/chats/{}/messages", ada.post("/v1/chats", json!({})).await.expect(201).id());
    let mut ids = vec![say(&ada, &path, "0", None).await];
    for index in 1..12 {
        ids.push(say(&ada, &path, &index.to_string(), ids.last().map(String::as_str)).await);
    }
    let last = ids.pop().expect("twelve");
    let late = say(&ada, &path, "late", Some(&ids[5])).await;
    let deleted = together(ids.iter().map(|id| {
        let (ada, path) = (ada.clone(), format!("/v1/messages/{id}"));
        async move { ada.delete(&path).await.status }
    }))
    .await;
    assert_eq!(deleted, [204; 11]);
    assert_eq!((parent_of(&ada, &last).await, parent_of(&ada, &late).await), (Value::Null, Value::Null));
    assert_eq!(ada.walk("/v1/chats").await[0]["message_count"], 2);
}

#[tokio::test]
async fn answers_that_race_with_a_deletion_keep_their_place_or_are_refused() {
    let ada = Person::register().await;
    let path = format!("/v1/chats/{}/messages", ada.post("/v1/chats", json!({})).await.expect(201).id());
    let root = say(&ada, &path, "root", None).await;
    let question = say(&ada, &path, "?", Some(&root)).await;
    let replies = together((0..20).map(|index| {
        let (ada, path, question) = (ada.clone(), path.clone(), question.clone());
        async move {
            if index == 10 {
                ada.delete(&format!("/v1/messages/{question}")).await
            } else {
                ada.post(&path, json!({"role": "assistant", "content": "!", "parent_id": question})).await
            }
        }
    }))
    .await;
    assert!(replies.iter().all(|reply| [201, 204, 422].contains(&reply.status)));
    for reply in replies.iter().filter(|reply| reply.status == 201) {
        assert_eq!(parent_of(&ada, &reply.id()).await, json!(root));
    }
}

#[tokio::test]
async fn someone_elses_message_stays() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/chats/{}/messages", ada.post("/v1/chats", json!({})).await.expect(201).id());
    let message = format!("/v1/messages/{}", say(&ada, &path, "1", None).await);
    let _ = bob.delete(&message).await.expect_problem(404, "not_found");
    let _ = ada.delete(&format!("/v1/messages/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = ada.delete("/v1/messages/7").await.expect_problem(400, "malformed");
    let _ = Person::anonymous().delete(&message).await.expect_problem(401, "unauthenticated");
    let _ = ada.get(&message).await.expect(200);
}
