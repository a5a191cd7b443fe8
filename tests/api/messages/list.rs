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
        ("from=middle", "/query/from"),
        ("leaf=7", "/query/leaf"),
    ] {
        let reply = ada.get(&format!("{path}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
}

#[tokio::test]
async fn it_can_be_read_from_its_beginning() {
    let ada = Person::register().await;
    let path = new_chat(&ada, 7).await;
    let oldest = ["0", "1", "2", "3", "4", "5", "6"];
    assert_eq!(contents(&ada.walk(&format!("{path}?from=oldest&limit=3")).await), oldest);
    let page = ada.get(&format!("{path}?from=oldest&limit=7")).await.expect(200).json;
    assert_eq!(page["next_cursor"], Value::Null);
    let page = ada.get(&format!("{path}?from=oldest&limit=2")).await.expect(200).json;
    let cursor = page["next_cursor"].as_str().expect("more");
    let (before, after) = (format!("{path}?before={cursor}"), format!("{path}?after={cursor}&from=oldest"));
    assert_eq!(contents(&ada.walk(&before).await), ["0"]);
    let rest = ada.get(&after).await.expect(200).json;
    assert_eq!(contents(rest["items"].as_array().expect("items")), oldest[2..]);
    let both = format!("{path}?from=oldest&before={cursor}");
    assert_eq!(ada.get(&both).await.expect_problem(422, "invalid").pointers(), ["/query/before"]);
}

#[tokio::test]
async fn a_branch_is_read_from_its_leaf_to_its_beginning() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = new_chat(&ada, 0).await;
    let answer = async |content: &str, parent: Option<&str>| {
        let body = json!({"role": "user", "content": content, "parent_id": parent});
        ada.post(&path, body).await.expect(201).id()
    };
    let root = answer("root", None).await;
    let mut leaf = root.clone();
    for index in 0..8 {
        leaf = answer(&index.to_string(), Some(&leaf)).await;
        let _ = answer("beside", Some(&leaf)).await;
    }
    let branch = ["7", "6", "5", "4", "3", "2", "1", "0", "root"];
    for limit in [1, 4, 9, 100] {
        assert_eq!(contents(&ada.walk(&format!("{path}?leaf={leaf}&limit={limit}")).await), branch, "{limit}");
    }
    let page = ada.get(&format!("{path}?leaf={leaf}&limit=4")).await.expect(200).json;
    let before = format!("{path}?leaf={leaf}&before={}", page["next_cursor"].as_str().expect("more"));
    assert_eq!(contents(&ada.walk(&before).await), branch[4..]);
    let last = page["items"][3]["id"].as_str().expect("an id");
    let _ = ada.delete(&format!("/v1/messages/{last}")).await.expect(204);
    for parameter in ["before", "cursor"] {
        let goes_on = before.replace("before", parameter);
        let reply = ada.get(&goes_on).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), [format!("/query/{parameter}")], "it does not end where it did not begin");
    }
    assert_eq!(ada.walk(&format!("{path}?leaf={leaf}&limit=4")).await.len(), 8);
    assert_eq!(contents(&ada.walk(&format!("{path}?leaf={root}")).await), ["root"]);
    let elsewhere = new_chat(&ada, 1).await;
    for wrong in [format!("{elsewhere}?leaf={leaf}"), format!("{path}?leaf={}", Uuid::now_v7())] {
        let reply = ada.get(&wrong).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), ["/query/leaf"]);
    }
    let _ = bob.get(&format!("{path}?leaf={leaf}")).await.expect_problem(404, "not_found");
    let theirs = new_chat(&bob, 0).await;
    let _ = bob.get(&format!("{theirs}?leaf={leaf}")).await.expect_problem(422, "invalid_reference");
    let after = format!("after={}", page["next_cursor"].as_str().expect("more"));
    for other in ["from=oldest", &after] {
        let reply = ada.get(&format!("{path}?leaf={leaf}&{other}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), ["/query/leaf"]);
    }
}

#[tokio::test]
async fn a_page_of_long_messages_is_shorter() {
    let ada = Person::register().await;
    let path = new_chat(&ada, 0).await;
    let mut parent = Value::Null;
    for index in 0..12 {
        let content = format!("{index}{}", "\u{1f552}".repeat(240_000));
        let body = json!({"role": "user", "content": content, "parent_id": parent});
        parent = ada.post(&path, body).await.expect(201).json["id"].clone();
    }
    let leaf = parent.as_str().expect("an id");
    for list in [format!("{path}?limit=100"), format!("{path}?from=oldest"), format!("{path}?leaf={leaf}")] {
        let page = ada.get(&list).await.expect(200);
        assert_eq!(page.json["items"].as_array().map(Vec::len), Some(4), "{list}");
        assert_eq!(ada.walk(&list).await.len(), 12, "{list}");
    }
    // Control characters take six bytes each.
    let _ = ada.post(&path, json!({"role": "user", "content": "\u{1}".repeat(800_000)})).await.expect(201);
    let page = ada.get(&format!("{path}?limit=100")).await.expect(200);
    assert_eq!(page.json["items"].as_array().map(Vec::len), Some(1));
}
