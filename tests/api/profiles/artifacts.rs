//! GET /v1/profiles/{handle}/artifacts

use harness::{Person, Value, json};

async fn create(person: &Person, title: &str, visibility: &str) -> String {
    let version = json!({"files": [{"path": "a.txt", "content": title}]});
    let body = json!({"title": title, "visibility": visibility, "version": version});
    person.post("/v1/artifacts", body).await.expect(201).id()
}

fn titles(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["title"].as_str().expect("a title")).collect()
}

#[tokio::test]
async fn others_see_what_is_public_and_oneself_all() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let _ = create(&ada, "first", "public").await;
    let _ = create(&ada, "private", "private").await;
    let trashed = create(&ada, "trashed", "public").await;
    let last = create(&ada, "last", "public").await;
    let _ = create(&bob, "bob's", "public").await;
    let _ = ada.delete(&format!("/v1/artifacts/{trashed}")).await.expect(204);
    let path = format!("/v1/profiles/{}/artifacts", ada.handle().to_uppercase());
    for limit in 1..=4 {
        let path = format!("{path}?limit={limit}");
        assert_eq!(titles(&ada.walk(&path).await), ["last", "private", "first"]);
        assert_eq!(titles(&bob.walk(&path).await), ["last", "first"]);
        assert_eq!(titles(&Person::anonymous().walk(&path).await), ["last", "first"]);
    }
    let listed = &bob.walk(&path).await[0];
    assert_eq!(listed, &bob.get(&format!("/v1/artifacts/{last}")).await.expect(200).json);
    let _ = ada.patch(&format!("/v1/artifacts/{last}"), "*", json!({"visibility": "private"})).await.expect(200);
    assert_eq!(titles(&bob.walk(&path).await), ["first"]);
}

#[tokio::test]
async fn they_come_in_the_order_asked_for() {
    let ada = Person::register().await;
    let old = create(&ada, "old", "public").await;
    let _ = create(&ada, "new", "public").await;
    let _ = Person::register().await.post(&format!("/v1/artifacts/{old}/forks"), json!({})).await.expect(201);
    let path = format!("/v1/profiles/{}/artifacts", ada.handle());
    for (sort, expected) in [
        ("newest", ["new", "old"]),
        ("most_liked", ["new", "old"]),
        ("most_forked", ["old", "new"]),
        ("trending", ["old", "new"]),
    ] {
        assert_eq!(titles(&ada.walk(&format!("{path}?sort={sort}&limit=1")).await), expected, "{sort}");
    }
}

#[tokio::test]
async fn nobody_is_not_found_and_who_made_nothing_is() {
    let ada = Person::register().await;
    assert!(ada.walk(&format!("/v1/profiles/{}/artifacts", ada.handle())).await.is_empty());
    for handle in ["nobody-has-this", "me", "%F0%9F%92%A3"] {
        let _ = ada.get(&format!("/v1/profiles/{handle}/artifacts")).await.expect_problem(404, "not_found");
    }
    let _ = ada.get("/v1/profiles/%00/artifacts").await.expect_problem(400, "malformed");
    for (query, pointer) in [
        ("sort=best", "/query/sort"),
        ("limit=0", "/query/limit"),
        ("cursor=AAAA", "/query/cursor"),
        ("type=code", "/query/type"),
    ] {
        let reply = ada.get(&format!("/v1/profiles/{}/artifacts?{query}", ada.handle())).await;
        assert_eq!(reply.expect_problem(422, "invalid").pointers(), [pointer], "{query}");
    }
}
