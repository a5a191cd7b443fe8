//! Messages among a million of many users.

use functions::messages::{list::Filter, search::Query};
use harness::{
    json,
    plans::{Planner, Scan, expect_index, filled},
};
use jiff::Timestamp;
use shared::{page::Cursor, search::Search, sql};
use uuid::Uuid;

/// A thousand users with 50 chats of 18 messages each, and one of them, the first, with 100,000 in another.
const ROWS: &[(&str, &str)] = &[
    (
        "users",
        "insert into users (id, email)
         select md5('user' || number)::uuid, number || '@example.com' from generate_series(1, 1000) number",
    ),
    (
        "chats",
        "insert into chats (id, user_id)
         select md5('chat' || number)::uuid, md5('user' || number % 1000 + 1)::uuid
         from generate_series(1, 50000) number;
         insert into chats (id, user_id) values (md5('large')::uuid, md5('user1')::uuid)",
    ),
    (
        "messages",
        "insert into messages (chat_id, user_id, role, content, created_at)
         select
             md5('chat' || number % 50000 + 1)::uuid, md5('user' || (number % 50000 + 1) % 1000 + 1)::uuid, 'user',
             'the clock number' || number % 997 || ' of user' || (number % 50000 + 1) % 1000 + 1,
             '2025-01-01'::timestamptz + number * interval '1 second'
         from generate_series(1, 900000) number;
         insert into messages (chat_id, user_id, role, content, created_at, parent_id, id)
         select
             md5('large')::uuid, md5('user1')::uuid, 'user', 'a large chat',
             '2025-01-01'::timestamptz - number * interval '1 second',
             case when number < 100000 then md5('large' || number + 1)::uuid end, md5('large' || number)::uuid
         from generate_series(1, 100000) number",
    ),
];

/// Rows of one table that a page of fifty may read: those and one more, in two places.
const PAGE: f64 = 102.0;

/// Messages of a user who has no large chat.
const OWN: f64 = 900.0;

#[tokio::test]
async fn of_a_million_messages_few_are_read() {
    let (client, planner) = filled(ROWS).await;
    let id = async |label: &str| -> Uuid {
        client.query_one("select md5($1)::uuid", &[&label]).await.expect("an id").get(0)
    };
    pages(&planner, id("user1").await, id("large").await, id("large5").await).await;
    searches(&planner, id("user7").await, id("user1").await).await;
    statistics(&planner).await;
}

/// Of the chat with 100,000 messages, from either end, from the middle, and along a branch.
async fn pages(planner: &Planner, user: Uuid, chat: Uuid, leaf: Uuid) {
    let middle: Timestamp = "2024-12-31T12:00:00Z".parse().expect("a time");
    let cursor = Cursor { created_at: middle, id: Uuid::from_u128(u128::MAX / 2) };
    for (query, index) in [
        (json!({}), "messages_chat_id_idx"),
        (json!({"cursor": cursor}), "messages_chat_id_idx"),
        (json!({"from": "oldest"}), "messages_chat_id_idx"),
        (json!({"from": "oldest", "cursor": cursor}), "messages_chat_id_idx"),
        (json!({"after": cursor}), "messages_chat_id_idx"),
        (json!({"leaf": leaf}), "messages_id_chat_id_key"),
    ] {
        let filter: Filter = serde_json::from_value(query.clone()).expect("a query");
        let scans = planner.scans(Some(user), &filter.select(chat)).await;
        expect_index(&query.to_string(), &scans, index, PAGE);
        assert!(rows(&scans, |scan| scan.index == index) >= 50.0, "{query} finds no page: {scans:#?}");
    }
}

/// Whoever asks, and whoever else said it how often: nothing is read but what is theirs.
async fn searches(planner: &Planner, user: Uuid, user_with_much: Uuid) {
    for (caller, q, found) in [
        (user, "clock", true),
        (user, "clock user7", true),
        (user, "\"the clock\"", true),
        (user, "numb*", true),
        (user, "user8", false),
        (user_with_much, "user8", false),
        (user_with_much, "clock", true),
    ] {
        let query: Query = serde_json::from_value(json!({ "q": q })).expect("a query");
        let scans = planner.scans(Some(caller), &query.select(&Search::parse(q))).await;
        expect_index(q, &scans, "messages_search_idx", OWN);
        assert_eq!(rows(&scans, |scan| scan.table == "chats") > 0.0, found, "{q}: {scans:#?}");
    }
}

/// Who was active in the last seven days is seen from the messages of these days: here there are none.
async fn statistics(planner: &Planner) {
    let stats = "select admin_stats() from (select set_config('app.is_superuser', 'true', true) offset 0) as superuser";
    let scans = planner.scans(None, &sql(stats)).await;
    let of_messages: Vec<&Scan> = scans.iter().filter(|scan| scan.table == "messages").collect();
    assert!(!of_messages.is_empty(), "{scans:#?}");
    assert!(of_messages.iter().all(|scan| scan.index == "messages_created_at_idx"), "{of_messages:#?}");
}

fn rows(scans: &[Scan], of: impl Fn(&Scan) -> bool) -> f64 {
    scans.iter().filter(|scan| of(scan)).map(|scan| scan.rows).sum()
}
