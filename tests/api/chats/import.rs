//! POST /v1/chats/imports

use harness::{Person, Reply, Value, json, together};
use uuid::Uuid;

async fn import(person: &Person, file: &str, format: Option<&str>) -> Reply {
    let upload = person.upload("file", "application/json", file.as_bytes()).await.id();
    let body = match format {
        Some(format) => json!({"upload": upload, "format": format}),
        None => json!({"upload": upload}),
    };
    person.post("/v1/chats/imports", body).await
}

async fn messages(person: &Person, chat: &Value) -> Vec<Value> {
    person.walk(&format!("/v1/chats/{}/messages?from=oldest", chat["id"].as_str().expect("an id"))).await
}

fn fields<'a>(messages: &'a [Value], field: &str) -> Vec<&'a str> {
    messages.iter().map(|message| message[field].as_str().unwrap_or_default()).collect()
}

fn node(id: &str, parent: &str, role: &str, time: f64, content: &Value) -> (String, Value) {
    let author = json!({"role": role, "name": (role == "tool").then_some("python"), "metadata": {}});
    let metadata = json!({"model_slug": (role == "assistant").then_some("gpt-4o"), "timestamp_": "absolute"});
    let message = json!({
        "id": id, "author": author, "create_time": time, "update_time": null, "content": content,
        "status": "finished_successfully", "end_turn": true, "weight": 1.0, "metadata": metadata, "recipient": "all"
    });
    (id.to_owned(), json!({"id": id, "message": message, "parent": parent, "children": []}))
}

fn text(text: &str) -> Value {
    json!({"content_type": "text", "parts": [text]})
}

/// As ChatGPT exports it: a root without a message, a hidden system message, a regenerated answer, code, a picture.
fn chatgpt(id: &str) -> Value {
    let mut mapping: serde_json::Map<String, Value> = [
        node("user-1", "hidden", "user", 1_714_585_031.150_442, &text("hi there")),
        node("answer-1", "user-1", "assistant", 1_714_585_031.757_056, &text("Hello!")),
        node("answer-2", "user-1", "assistant", 1_714_585_060.5, &text("Hi again, café 我们!")),
        node("user-2", "answer-2", "user", 1_714_585_070.0, &json!({"content_type": "multimodal_text", "parts": [
            {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-x", "width": 10}, "What is it?"
        ]})),
        node("code", "user-2", "assistant", 1_714_585_071.0, &json!({"content_type": "code", "language": "python", "text": "1 + 1"})),
        node("output", "code", "tool", 1_714_585_072.0, &json!({"content_type": "execution_output", "text": "2"})),
        node("empty", "output", "assistant", 1_714_585_073.0, &text("")),
        node("last", "empty", "assistant", 1_714_585_074.0, &text("Two.")),
    ]
    .into_iter()
    .collect();
    mapping.insert("root".to_owned(), json!({"id": "root", "message": null, "parent": null, "children": ["hidden"]}));
    let hidden = json!({
        "id": "hidden", "author": {"role": "system"}, "create_time": null, "content": text("Be kind."),
        "metadata": {"is_visually_hidden_from_conversation": true}
    });
    mapping.insert(
        "hidden".to_owned(),
        json!({"id": "hidden", "message": hidden, "parent": "root", "children": ["user-1"]}),
    );
    json!({
        "title": "A sum", "create_time": 1_714_585_031.148_505, "update_time": 1_714_585_074.9, "mapping": mapping,
        "moderation_results": [], "current_node": "last", "plugin_ids": null, "conversation_id": id, "id": id,
        "is_archived": false, "default_model_slug": "gpt-4o"
    })
}

#[tokio::test]
async fn chatgpts_conversations_come_in_with_their_branches() {
    let ada = Person::register().await;
    let file = json!([chatgpt("c-1"), {"title": "Corrupted", "id": "c-2"}, chatgpt("c-3")]).to_string();
    let report = import(&ada, &file, None).await.expect(200).json;
    assert_eq!((&report["chats"], &report["messages"], &report["is_complete"]), (&json!(2), &json!(14), &json!(true)));
    assert_eq!(report["skipped"], json!([{"what": "conversation 2", "reason": "has no id that can be kept"}]));
    let chats = ada.walk("/v1/chats").await;
    assert_eq!(fields(&chats, "title"), ["A sum", "A sum"]);
    assert_eq!(fields(&chats, "external_key").len(), 2);
    let chat = chats.iter().find(|chat| chat["external_key"] == "chatgpt:c-1").expect("by its key");
    assert_eq!((&chat["message_count"], &chat["created_at"]), (&json!(7), &json!("2024-05-01T17:37:11.148505Z")));
    let said = messages(&ada, chat).await;
    assert_eq!(fields(&said, "role"), ["user", "assistant", "assistant", "user", "assistant", "agent", "assistant"]);
    let contents = ["hi there", "Hello!", "Hi again, café 我们!", "What is it?", "```python\n1 + 1\n```", "2", "Two."];
    assert_eq!(fields(&said, "content"), contents);
    assert_eq!(said[0]["created_at"], "2024-05-01T17:37:11.150442Z");
    let parents: Vec<&Value> = said.iter().map(|message| &message["parent_id"]).collect();
    let ids: Vec<&Value> = said.iter().map(|message| &message["id"]).collect();
    assert_eq!(parents, [&Value::Null, ids[0], ids[0], ids[2], ids[3], ids[4], ids[5]]);
    assert_eq!(said[3]["metadata"]["parts"][0]["asset_pointer"], "file-service://file-x");
    assert_eq!(said[4]["metadata"], json!({"source": "chatgpt", "content_type": "code", "model": "gpt-4o"}));
    assert_eq!(said[5]["metadata"]["author"], "python");
    assert_eq!(said[6]["client_id"], "chatgpt:last");
    let found = ada.get("/v1/messages/search?q=cafe").await.expect(200).json;
    assert_eq!(found["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn importing_again_adds_only_what_is_missing() {
    let ada = Person::register().await;
    let mut chat = chatgpt("c-1");
    let file = json!([chat]).to_string();
    assert_eq!(import(&ada, &file, Some("chatgpt")).await.expect(200).json["messages"], 7);
    let report = import(&ada, &file, None).await.expect(200).json;
    assert_eq!((&report["chats"], &report["messages"]), (&json!(0), &json!(0)));
    let (id, more) = node("more", "last", "user", 1_714_585_080.0, &text("Thanks."));
    chat["mapping"][id] = more;
    let listed = ada.walk("/v1/chats").await.remove(0);
    let two = messages(&ada, &listed).await.pop().expect("the last");
    let _ = ada.delete(&format!("/v1/messages/{}", two["id"].as_str().expect("an id"))).await.expect(204);
    let report = import(&ada, &json!([chat, chat]).to_string(), None).await.expect(200).json;
    assert_eq!((&report["chats"], &report["messages"]), (&json!(0), &json!(2)));
    assert_eq!(report["skipped"], json!([{"what": "conversation 2", "reason": "is in the file twice"}]));
    let said = messages(&ada, &listed).await;
    assert_eq!((said.len(), &said[7]["parent_id"], &said[6]["parent_id"]), (8, &said[6]["id"], &said[5]["id"]));
    assert_eq!(ada.walk("/v1/chats").await[0]["message_count"], 8);
}

#[tokio::test]
async fn imports_at_the_same_time_store_each_message_once() {
    let ada = Person::register().await;
    let file: Vec<Value> = (0..5).map(|index| chatgpt(&format!("c-{index}"))).collect();
    let upload = ada.upload("file", "application/json", json!(file).to_string().as_bytes()).await.id();
    let replies = together((0..8).map(|_| {
        let (ada, upload) = (ada.clone(), upload.clone());
        async move { ada.post("/v1/chats/imports", json!({"upload": upload})).await.expect(200).json }
    }))
    .await;
    let sum = |field: &str| replies.iter().map(|report| report[field].as_i64().expect("a number")).sum::<i64>();
    assert_eq!((sum("chats"), sum("messages")), (5, 35));
    let chats = ada.walk("/v1/chats").await;
    assert!(chats.len() == 5 && chats.iter().all(|chat| chat["message_count"] == 7));
}

#[tokio::test]
async fn librechats_exports_come_in_flat_and_nested() {
    let ada = Person::register().await;
    let none = "00000000-0000-0000-0000-000000000000";
    let message = |id: &str, parent: &str, is_user: bool, text: &str| {
        json!({
            "messageId": id, "conversationId": "l", "parentMessageId": parent, "isCreatedByUser": is_user,
            "sender": if is_user { "User" } else { "GPT-4" }, "text": text, "createdAt": "2024-05-01T16:35:11.530Z",
            "model": (!is_user).then_some("gpt-4-turbo"), "error": false, "unfinished": false, "tokenCount": 5
        })
    };
    let flat = json!({
        "conversationId": "l-1", "endpoint": "openAI", "title": "venv", "exportAt": "13:18:04 GMT-0400", "branches": true,
        "recursive": false, "messages": [
            message("b", "a", false, "Two"), message("a", none, true, "One"), message("c", "a", false, "Two again"),
            {"messageId": "d", "parentMessageId": "c", "isCreatedByUser": false, "sender": "Agent", "text": "", "content": [
                {"type": "think", "think": "Hm."}, {"type": "text", "text": "Three"}, {"type": "text", "text": {"value": "Four"}}
            ]}
        ]
    });
    let mut nested = message("a", none, true, "One");
    nested["children"] = json!([message("b", "a", false, "Two"), message("c", "a", false, "Two again")]);
    let nested = json!({"conversationId": "l-2", "title": "venv", "recursive": true, "messagesTree": [nested]});
    for (file, count) in [(&flat, 4), (&nested, 3)] {
        let report = import(&ada, &file.to_string(), None).await.expect(200).json;
        assert_eq!(
            report,
            json!({"chats": 1, "messages": count, "skipped": [], "skipped_count": 0, "is_complete": true})
        );
        let again = import(&ada, &file.to_string(), Some("librechat")).await.expect(200).json;
        assert_eq!((&again["chats"], &again["messages"]), (&json!(0), &json!(0)));
    }
    let chats = ada.walk("/v1/chats").await;
    let chat = chats.iter().find(|chat| chat["external_key"] == "librechat:l-1").expect("by its key");
    assert_eq!(chat["created_at"], "2024-05-01T16:35:11.53Z");
    let said = messages(&ada, chat).await;
    assert_eq!(said[0]["content"], "One");
    let three = said.iter().find(|message| message["content"] == "Three\n\nFour").expect("of its parts");
    assert_eq!(three["metadata"]["parts"], json!([{"type": "think", "think": "Hm."}]));
    let parent = said.iter().find(|message| message["id"] == three["parent_id"]).expect("its parent");
    assert_eq!(
        (&parent["content"], &parent["role"], &parent["parent_id"]),
        (&json!("Two again"), &json!("assistant"), &said[0]["id"])
    );
    let other = chats.iter().find(|chat| chat["external_key"] == "librechat:l-2").expect("by its key");
    let said = messages(&ada, other).await;
    assert!(said[1..].iter().all(|message| message["parent_id"] == said[0]["id"]) && said.len() == 3);
}

/// A chat of many messages takes many flights, and reads as one.
#[tokio::test]
async fn a_long_chat_comes_in_whole() {
    let ada = Person::register().await;
    let mut mapping = serde_json::Map::new();
    for index in 0..1800_u32 {
        let parent = format!("m{}", index.div_ceil(2));
        let (id, node) =
            node(&format!("m{}", index + 1), &parent, "user", 1.7e9 + f64::from(index), &text(&"x ".repeat(500)));
        mapping.insert(id, node);
    }
    mapping.insert("m0".to_owned(), json!({"id": "m0", "message": null, "parent": null}));
    let file = json!([chatgpt("c-0"), {"id": "c-1", "title": "Long", "mapping": mapping}]).to_string();
    let report = import(&ada, &file, None).await.expect(200).json;
    assert_eq!((&report["chats"], &report["messages"], &report["skipped_count"]), (&json!(2), &json!(1807), &json!(0)));
    let chats = ada.walk("/v1/chats").await;
    let chat = chats.iter().find(|chat| chat["title"] == "Long").expect("by its title");
    assert_eq!(chat["message_count"], 1800);
    let said = messages(&ada, chat).await;
    let place =
        |index: usize| said.iter().find(|message| message["client_id"] == format!("chatgpt:m{index}")).expect("there");
    for index in [2, 3, 499, 500, 501, 1000, 1500, 1800] {
        assert_eq!(place(index)["parent_id"], place(index / 2)["id"], "{index}");
    }
    let last = place(1800)["id"].as_str().expect("an id").to_owned();
    let branch = format!("/v1/chats/{}/messages?leaf={last}", chat["id"].as_str().expect("an id"));
    assert_eq!(ada.walk(&branch).await.len(), 11);
}

#[tokio::test]
async fn hostile_files_are_listed_and_never_our_fault() {
    let ada = Person::register().await;
    let node = |parent: Value, content: Value| json!({"parent": parent, "message": {"author": {"role": "user"}, "content": content}});
    let hostile = json!([
        7, null, "x", [[[]]], {"mapping": {}}, {"id": {}, "mapping": {}}, {"id": "x".repeat(10_000), "mapping": {}},
        {"id": "1", "mapping": {"a": node(json!("b"), text("A")), "b": node(json!("a"), text("B"))}},
        {"id": "2", "mapping": {"a": node(json!("gone"), text("\u{0}\u{1}")), "\u{0}": node(Value::Null, text("?"))}},
        {"id": "3", "title": "\u{0}".repeat(500), "create_time": 1e308, "mapping": {"a": node(Value::Null, text(&"x".repeat(1_000_001)))}},
        {"id": "4", "create_time": -1e15, "mapping": {"a": {"message": {"author": {"role": "user"}, "create_time": -1e18, "content": text("old")}}}},
        {"id": "5", "create_time": "0001-01-01T00:00:00Z", "mapping": {"a": node(Value::Null, json!({"parts": [{"a": "\u{0}"}, 7, null, [], "text"]}))}},
        {"id": "6", "mapping": {"a": node(Value::Null, json!(7)), "b": {"message": []}, "c": {"message": {"author": 7}}}},
        {"conversationId": "7", "messages": [{"messageId": "a", "text": 7, "content": {}}, {"messageId": "b", "children": 7}, 7]},
        {"conversationId": "8", "messages": 7},
        {"id": "9", "title": 7, "mapping": {"a": {"parent": 7, "message": {"author": {"role": "user"}, "create_time": [], "content": text("fine")}}}},
    ]);
    let report = import(&ada, &hostile.to_string(), None).await.expect(200).json;
    assert_eq!((&report["chats"], &report["messages"]), (&json!(8), &json!(6)), "{report:#}");
    assert!(report["skipped_count"].as_u64().expect("a number") >= 15, "{report:#}");
    let deep = format!("[{{\"id\": \"d\", \"mapping\": {{\"a\": {}{}}}}}]", "[".repeat(100_000), "]".repeat(100_000));
    let report = import(&ada, &deep, None).await.expect(200).json;
    assert_eq!(report["skipped_count"], 1);
    let many = format!("[{}7]", "7,".repeat(9_000));
    let report = import(&ada, &many, None).await.expect(200).json;
    assert_eq!((report["skipped"].as_array().map(Vec::len), &report["skipped_count"]), (Some(1000), &json!(9001)));
    for wrong in ["7", "{", "PK\u{3}\u{4}", "nonsense", &format!("[{}7]", "7,".repeat(20_000)), &"[".repeat(100_000)] {
        let reply = import(&ada, wrong, None).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), ["/upload"]);
    }
}

#[tokio::test]
async fn only_ones_own_completed_files_can_be_imported() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let file = json!([chatgpt(&Uuid::new_v4().to_string())]).to_string();
    let theirs = bob.upload("file", "application/json", file.as_bytes()).await.id();
    let pending = ada.declare("file", "application/json", file.as_bytes()).await.expect(201).id();
    let document = ada.upload("document", "application/json", file.as_bytes()).await.id();
    for upload in [theirs.clone(), pending, document, Uuid::now_v7().to_string()] {
        let reply = ada.post("/v1/chats/imports", json!({"upload": upload})).await;
        assert_eq!(reply.expect_problem(422, "invalid_reference").pointers(), ["/upload"]);
    }
    let body = json!({"upload": theirs});
    ada.expect_strict("POST", "/v1/chats/imports", body.clone()).await;
    let wrong = [("/upload", json!(7)), ("/format", json!("claude"))];
    ada.expect_invalid("POST", "/v1/chats/imports", &body, &wrong).await;
    assert!(ada.walk("/v1/chats").await.is_empty());
}
