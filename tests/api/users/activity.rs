//! GET /v1/users/me/activity

use harness::{Person, database::behind, json};

const PATH: &str = "/v1/users/me/activity";

#[tokio::test]
async fn messages_count_in_chats_of_the_period_alone() {
    let ada = Person::register().await;
    for chat_age in [0, 10, 100] {
        let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
        let client = behind().await;
        for (statement, age) in [
            ("update chats set created_at = now() - make_interval(days => $2) where id = $1::text::uuid", chat_age),
            (
                "insert into messages (chat_id, user_id, role, content, created_at)
                 select id, user_id, 'user', '', now() - make_interval(days => $2) from chats where id = $1::text::uuid",
                chat_age,
            ),
            (
                "insert into messages (chat_id, user_id, role, content)
                 select id, user_id, 'user', '' from chats where id = $1::text::uuid and $2 >= 0",
                0,
            ),
        ] {
            assert_eq!(client.execute(statement, &[&chat, &age]).await.expect("it can be changed"), 1);
        }
    }
    let old = ada.create_artifact("private", "a").await.id();
    let _ = ada.create_artifact("private", "a").await;
    let age = "update artifacts set created_at = now() - interval '10 days' where id = $1::text::uuid";
    let _ = behind().await.execute(age, &[&old]).await.expect("it can be changed");
    let use_tools = "insert into tool_usage (user_id, tool_name, operation, status, created_at)
        select $1::text::uuid, 'image', 'o', 'success', now() - make_interval(days => days) from unnest(array[0, 0, 10, 100]) as days";
    let _ = behind().await.execute(use_tools, &[&ada.id()]).await.expect("rows");
    for (days, expected) in [(1, [1, 2, 1, 2]), (30, [2, 4, 2, 3]), (3650, [3, 6, 2, 4])] {
        let activity = ada.get(&format!("{PATH}?days={days}")).await.expect(200);
        let [chats, messages, artifacts, tools] = expected;
        assert_eq!(
            activity.json,
            json!({
                "days": days, "chat_sessions_count": chats, "messages_count": messages, "artifacts_count": artifacts,
                "tools_used_count": tools
            })
        );
    }
    assert_eq!(ada.get(PATH).await.expect(200).json["days"], 30);
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let ada = Person::register().await;
    let _ = Person::anonymous().get(PATH).await.expect_problem(401, "unauthenticated");
    for days in ["0", "3651", "x", "99999999999"] {
        let reply = ada.get(&format!("{PATH}?days={days}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), ["/query/days"]);
    }
}
