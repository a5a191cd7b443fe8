//! GET /v1/items

use harness::{Person, json};

const PATH: &str = "/v1/items";

#[tokio::test]
async fn each_sees_their_own_newest_first() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    assert_eq!(ada.get(PATH).await.expect(200).json, json!({"items": [], "next_cursor": null}));
    let mut made = Vec::new();
    for index in 0..5 {
        made.insert(0, ada.post(PATH, json!({"title": index.to_string()})).await.expect(201).json);
    }
    let theirs = bob.post(PATH, json!({"title": "bob's"})).await.expect(201).json;
    assert_eq!(ada.walk(&format!("{PATH}?limit=2")).await, made);
    assert_eq!(bob.walk(PATH).await, [theirs]);
    let _ = Person::anonymous().get(PATH).await.expect_problem(401, "unauthenticated");
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
        let reply = ada.get(&format!("{PATH}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
}
