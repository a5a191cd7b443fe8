//! GET /v1/users/me/stats

use harness::{Person, json};

const PATH: &str = "/v1/users/me/stats";

/// Three chats, five messages, two artifacts (and one in the trash), seven uses: nothing multiplies anything.
#[tokio::test]
async fn each_number_is_counted_by_itself() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    for person in [&ada, &bob] {
        for messages in [0, 2, 3] {
            let chat = person.post("/v1/chats", json!({})).await.expect(201).id();
            for _ in 0..messages {
                let body = json!({"role": "user", "content": "Hello"});
                let _ = person.post(&format!("/v1/chats/{chat}/messages"), body).await.expect(201);
            }
        }
        for _ in 0..2 {
            let _ = person.create_artifact("public", "a").await;
        }
        let trashed = person.create_artifact("private", "a").await.id();
        let _ = person.delete(&format!("/v1/artifacts/{trashed}")).await.expect(204);
        let tool_use = json!({"tool_name": "image", "operation": "o", "status": "success"});
        let _ = person.post("/v1/tools/usage", json!({"items": vec![tool_use; 7]})).await.expect(201);
    }
    let stats = ada.get(PATH).await.expect(200);
    assert_eq!(
        stats.json,
        json!({
            "user_created_at": ada.user["created_at"], "last_login": ada.user["last_login_at"],
            "chat_sessions_count": 3, "messages_count": 5, "artifacts_count": 2, "tool_uses_count": 7
        })
    );
}

#[tokio::test]
async fn unknown_parameters_are_refused() {
    let ada = Person::register().await;
    let reply = ada.get(&format!("{PATH}?days=7")).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/days"]);
}

#[tokio::test]
async fn who_has_nothing_is_told_so() {
    let stats = Person::register().await.get(PATH).await.expect(200);
    for field in ["chat_sessions_count", "messages_count", "artifacts_count", "tool_uses_count"] {
        assert_eq!(stats.json[field], 0, "{field}");
    }
    let _ = Person::anonymous().get(PATH).await.expect_problem(401, "unauthenticated");
}
