//! GET /v1/chats

use harness::{Person, Value, json};

fn titles(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["title"].as_str().expect("a title")).collect()
}

#[tokio::test]
async fn each_sees_their_own() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    assert_eq!(ada.get("/v1/chats").await.expect(200).json, json!({"items": [], "next_cursor": null}));
    for title in ["first", "second"] {
        let _ = ada.post("/v1/chats", json!({ "title": title })).await.expect(201);
    }
    let _ = bob.post("/v1/chats", json!({"title": "bob's"})).await.expect(201);
    assert_eq!(titles(&ada.walk("/v1/chats").await), ["second", "first"]);
    assert_eq!(titles(&bob.walk("/v1/chats").await), ["bob's"]);
    let _ = Person::anonymous().get("/v1/chats").await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn pages_visit_each_chat_once_while_others_arrive() {
    let ada = Person::register().await;
    for index in 0..5 {
        let _ = ada.post("/v1/chats", json!({"title": index.to_string()})).await.expect(201);
    }
    let (mut visited, mut next) = (Vec::new(), Some(String::new()));
    while let Some(cursor) = next {
        let page = ada.get(&format!("/v1/chats?limit=2{cursor}")).await.expect(200);
        visited.extend(page.json["items"].as_array().expect("items").iter().cloned());
        next = page.json["next_cursor"].as_str().map(|cursor| format!("&cursor={cursor}"));
        let _ = ada.post("/v1/chats", json!({"title": "late"})).await.expect(201);
    }
    assert_eq!(titles(&visited), ["4", "3", "2", "1", "0"]);
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let ada = Person::register().await;
    for (query, pointer) in [
        ("limit=0", "/query/limit"),
        ("limit=101", "/query/limit"),
        ("cursor=7", "/query/cursor"),
        ("title=a", "/query/title"),
    ] {
        let reply = ada.get(&format!("/v1/chats?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
}
