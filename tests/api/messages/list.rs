//! GET /v1/chats/{id}/messages

use harness::{Person, Value, json};
use uuid::Uuid;

/// A chat of so many messages, called by their number.
async fn new_chat(person: &Person, count: usize) -> String {
    let path = format!("/v1/chats/{}/messages", person.post("/v1/chats", json!({})).await.expect(201).id());
    for index in 0..count {
        say(person, &path, &index.to_string()).await;
    }
    path
}

async fn say(person: &Person, path: &str, content: &str) {
    let _ = person.post(path, json!({"role": "user", "content": content})).await.expect(201);
}

fn contents(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["content"].as_str().expect("text")).collect()
}

#[tokio::test]
async fn the_newest_comes_first() {
    let ada = Person::register().await;
    let path = new_chat(&ada, 0).await;
    assert_eq!(ada.get(&path).await.expect(200).json, json!({"items": [], "next_cursor": null}));
    let other = new_chat(&ada, 1).await;
    for text in ["one", "two", "three"] {
        say(&ada, &path, text).await;
    }
    assert_eq!(contents(&ada.walk(&path).await), ["three", "two", "one"]);
    assert_eq!(contents(&ada.walk(&other).await), ["0"]);
}

#[tokio::test]
async fn pages_go_back_and_forth() {
    let ada = Person::register().await;
    let path = new_chat(&ada, 7).await;
    let page = async |query: String| {
        let page = ada.get(&format!("{path}?{query}")).await.expect(200).json;
        let items = page["items"].as_array().expect("items").clone();
        (items, page["next_cursor"].as_str().map(str::to_owned))
    };
    for parameter in ["before", "cursor"] {
        let (mut visited, mut next) = (Vec::new(), Some(String::new()));
        while let Some(cursor) = next {
            let (items, cursor) = page(format!("limit=3{cursor}")).await;
            visited.extend(items);
            next = cursor.map(|cursor| format!("&{parameter}={cursor}"));
        }
        assert_eq!(contents(&visited), ["6", "5", "4", "3", "2", "1", "0"], "{parameter}");
    }
    let (_, cursor) = page("limit=6".to_owned()).await;
    let (items, none) = page(format!("limit=6&before={}", cursor.clone().expect("more"))).await;
    assert_eq!((contents(&items), none), (vec!["0"], None));
    // From the message that the cursor stands at, on to newer ones, while more arrive.
    let (mut visited, mut next) = (Vec::new(), cursor);
    for late in ["late", "later", "latest"] {
        let (items, cursor) = page(format!("limit=2&after={}", next.expect("more"))).await;
        visited.extend(items);
        next = cursor;
        say(&ada, &path, late).await;
    }
    // The end of a chat has a cursor too: whoever follows it goes on from there.
    loop {
        let (items, cursor) = page(format!("limit=2&after={}", next.expect("never null"))).await;
        next = cursor;
        if items.is_empty() {
            break;
        }
        visited.extend(items);
    }
    say(&ada, &path, "at last").await;
    visited.extend(page(format!("after={}", next.clone().expect("never null"))).await.0);
    assert_eq!(contents(&visited), ["2", "3", "4", "5", "6", "late", "later", "latest", "at last"]);
    let both = format!("{path}?after={0}&before={0}", next.expect("never null"));
    assert_eq!(ada.get(&both).await.expect_problem(422, "invalid").pointers(), ["/query/after"]);
}

#[tokio::test]
async fn someone_elses_chat_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = new_chat(&ada, 1).await;
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
    let _ = bob.get(&format!("/v1/chats/{}/messages", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = bob.get("/v1/chats/7/messages").await.expect_problem(400, "malformed");
    let _ = Person::anonymous().get(&path).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let ada = Person::register().await;
    let path = new_chat(&ada, 1).await;
    for (query, pointer) in [
        ("limit=0", "/query/limit"),
        ("limit=101", "/query/limit"),
        ("cursor=7", "/query/cursor"),
        ("before=7", "/query/before"),
        ("after=7", "/query/after"),
        ("after=", "/query/after"),
        ("role=user", "/query/role"),
    ] {
        let reply = ada.get(&format!("{path}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
}
