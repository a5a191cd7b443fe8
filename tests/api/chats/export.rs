//! GET /v1/chats/{id}/export

use harness::{Person, database, json};
use uuid::Uuid;

#[tokio::test]
async fn a_chat_is_exported_as_data_and_as_text() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let chat = ada.post("/v1/chats", json!({"title": "Größe \"1\"\n/ 2"})).await.expect(201);
    let messages = format!("/v1/chats/{}/messages", chat.id());
    let upload = ada.upload("attachment", "text/plain", Uuid::new_v4().as_bytes()).await.id();
    let first = json!({"role": "user", "content": "# Draw\n\n<b>`a`</b>\n---", "attachments": [upload]});
    let first = ada.post(&messages, first).await.expect(201);
    let answer = json!({"role": "assistant", "content": "Done.", "parent_id": first.id()});
    let answer = ada.post(&messages, answer).await.expect(201);
    let path = format!("/v1/chats/{}/export", chat.id());
    let data = ada.get(&path).await.expect(200);
    assert_eq!(data.json["messages"], json!([first.json, answer.json]));
    assert_eq!((&data.json["chat"]["id"], &data.json["chat"]["message_count"]), (&chat.json["id"], &json!(2)));
    assert_eq!((&data.json["next_cursor"], data.header("link")), (&json!(null), ""));
    let named = |ending: &str| format!("attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22%20%2F%202%2E{ending}");
    assert_eq!(data.header("content-disposition"), named("json"));
    assert_eq!(ada.get(&format!("{path}?format=json")).await.expect(200).json, data.json);
    let text = ada.get(&format!("{path}?format=markdown")).await.expect(200);
    assert_eq!(text.header("content-type"), "text/markdown; charset=utf-8");
    assert_eq!(text.header("content-disposition"), named("md"));
    let (asked, answered) = (&first.json["created_at"], &answer.json["created_at"]);
    let expected = format!(
        "# Größe \"1\" / 2\n\n---\n\n**user** · {}\n\n# Draw\n\n<b>`a`</b>\n---\n\nAttached: file.bin (text/plain, 16 bytes)\n\n\
         ---\n\n**assistant** · {}\n\nDone.\n\n",
        asked.as_str().expect("a time"),
        answered.as_str().expect("a time")
    );
    assert_eq!(String::from_utf8_lossy(&text.bytes), expected);
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().get(&path).await.expect_problem(401, "unauthenticated");
    let _ = ada.get(&format!("/v1/chats/{}/export", Uuid::now_v7())).await.expect_problem(404, "not_found");
    for (query, pointer) in [("format=pdf", "/query/format"), ("after=7", "/query/after")] {
        let reply = ada.get(&format!("{path}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
    let empty = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let text = ada.get(&format!("/v1/chats/{empty}/export?format=markdown")).await.expect(200);
    assert_eq!(text.bytes, b"# Chat\n\n");
}

#[tokio::test]
async fn what_one_reply_cannot_hold_goes_on_in_the_next() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({"title": "Long"})).await.expect(201).id();
    let insert = "insert into messages (chat_id, user_id, role, content, created_at)
                  select id, user_id, 'user', number || repeat(' x', case when number % 100 = 0 then 400000 else 10 end),
                      timestamptz '2025-01-01Z' + number * interval '1 second'
                  from chats, generate_series(1, 2500) number
                  where id = $1::text::uuid";
    let _ = database::behind().await.execute(insert, &[&chat]).await.expect("inserted");
    for format in ["json", "markdown"] {
        let (mut path, mut numbers, mut replies) = (format!("/v1/chats/{chat}/export?format={format}"), Vec::new(), 0);
        loop {
            let reply = ada.get(&path).await.expect(200);
            assert!(reply.bytes.len() < 5_000_000);
            replies += 1;
            if format == "json" {
                let messages = reply.json["messages"].as_array().expect("messages");
                numbers.extend(messages.iter().map(|message| message["content"].as_str().expect("text").to_owned()));
            } else {
                let text = String::from_utf8_lossy(&reply.bytes);
                numbers.extend(text.split("\n\n").filter(|part| part.ends_with(" x")).map(str::to_owned));
            }
            let Some(next) =
                reply.header("link").strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""))
            else {
                break;
            };
            path = next.to_owned();
        }
        let numbers: Vec<usize> =
            numbers.iter().map(|text| text.split(' ').next().expect("a number").parse().expect("one")).collect();
        assert_eq!(numbers, (1..=2500).collect::<Vec<_>>());
        assert!((5..=8).contains(&replies), "{replies}");
    }
}
