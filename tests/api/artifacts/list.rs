//! GET /v1/artifacts

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use harness::{Person, Value, database, json};
use uuid::Uuid;

/// A type that no other test has, so that the gallery of all tests can be looked through.
fn new_type() -> String {
    format!("type-{}", Uuid::new_v4().simple())
}

async fn create(person: &Person, title: &str, visibility: &str, kind: &str) -> String {
    let body = json!({"title": title, "visibility": visibility, "type": kind});
    person.post("/v1/artifacts", body).await.expect(201).id()
}

fn titles(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["title"].as_str().expect("a title")).collect()
}

#[tokio::test]
async fn the_gallery_shows_what_is_public_and_there() {
    let (ada, kind) = (Person::register().await, new_type());
    let _ = create(&ada, "first", "public", &kind).await;
    let _ = create(&ada, "private", "private", &kind).await;
    let deleted = create(&ada, "deleted", "public", &kind).await;
    let last = create(&ada, "last", "public", &kind).await;
    let _ = ada.delete(&format!("/v1/artifacts/{deleted}")).await.expect(204);
    for person in [&ada, &Person::register().await, &Person::anonymous()] {
        let items = person.walk(&format!("/v1/artifacts?type={kind}")).await;
        assert_eq!(titles(&items), ["last", "first"]);
        assert!(person.walk(&format!("/v1/artifacts?type={kind}&visibility=private")).await.is_empty());
        let public = person.walk(&format!("/v1/artifacts?type={kind}&visibility=public")).await;
        assert_eq!(public, items);
        assert_eq!(items[0], person.get(&format!("/v1/artifacts/{last}")).await.expect(200).json);
    }
    let newest = Person::anonymous().get("/v1/artifacts?limit=100").await.expect(200);
    assert!(newest.json["items"].as_array().expect("items").iter().all(|item| item["visibility"] == "public"));
}

#[tokio::test]
async fn ones_own_list_has_the_private_ones_too() {
    let (ada, bob, kind) = (Person::register().await, Person::register().await, new_type());
    let _ = create(&ada, "public", "public", &kind).await;
    let _ = create(&ada, "private", "private", &kind).await;
    let _ = create(&ada, "other type", "private", "code").await;
    let deleted = create(&ada, "deleted", "private", &kind).await;
    let _ = ada.delete(&format!("/v1/artifacts/{deleted}")).await.expect(204);
    let _ = create(&bob, "bob's", "public", &kind).await;
    for (query, expected) in [
        ("owner=me".to_owned(), vec!["other type", "private", "public"]),
        (format!("owner=me&type={kind}"), vec!["private", "public"]),
        ("owner=me&visibility=private".to_owned(), vec!["other type", "private"]),
        (format!("owner=me&visibility=public&type={kind}"), vec!["public"]),
        (format!("owner=me&type={}", new_type()), vec![]),
    ] {
        assert_eq!(titles(&ada.walk(&format!("/v1/artifacts?{query}")).await), expected, "{query}");
    }
}

#[tokio::test]
async fn a_makers_list_is_public() {
    let (ada, bob, kind) = (Person::register().await, Person::register().await, new_type());
    let _ = create(&ada, "public", "public", &kind).await;
    let _ = create(&ada, "private", "private", &kind).await;
    let _ = create(&ada, "code", "public", "code").await;
    for person in [&ada, &bob, &Person::anonymous()] {
        for (query, expected) in [
            (format!("owner={}", ada.handle()), vec!["code", "public"]),
            (format!("owner={}", ada.handle().to_uppercase()), vec!["code", "public"]),
            (format!("owner={}&type={kind}", ada.handle()), vec!["public"]),
            (format!("owner={}&visibility=private", ada.handle()), vec![]),
            (format!("owner={}", bob.handle()), vec![]),
            ("owner=nobody-has-this".to_owned(), vec![]),
        ] {
            assert_eq!(titles(&person.walk(&format!("/v1/artifacts?{query}")).await), expected, "{query}");
        }
    }
}

#[tokio::test]
async fn ones_own_list_needs_a_token() {
    let mut person = Person::anonymous();
    let _ = person.get("/v1/artifacts?owner=me").await.expect_problem(401, "unauthenticated");
    person.token = Some("atelier_wrong".to_owned());
    let _ = person.get("/v1/artifacts?owner=me").await.expect_problem(401, "unauthenticated");
    let _ = person.get("/v1/artifacts").await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn pages_visit_each_item_once_while_others_arrive() {
    let (ada, kind) = (Person::register().await, new_type());
    let mut expected = Vec::new();
    for index in 0..7 {
        expected.insert(0, create(&ada, &index.to_string(), "public", &kind).await);
    }
    let queries = [format!("type={kind}"), "owner=me".to_owned(), format!("owner={}&type={kind}", ada.handle())];
    for query in queries {
        let (mut visited, mut next, mut late) = (Vec::new(), Some(String::new()), Vec::new());
        while let Some(cursor) = next {
            let page = ada.get(&format!("/v1/artifacts?{query}&limit=2{cursor}")).await.expect(200);
            visited.extend(page.json["items"].as_array().expect("items").iter().cloned());
            next = page.json["next_cursor"].as_str().map(|cursor| format!("&cursor={cursor}"));
            late.push(create(&ada, "late", "public", &kind).await);
        }
        for late in late {
            let _ = ada.delete(&format!("/v1/artifacts/{late}")).await.expect(204);
        }
        let ids: Vec<&str> = visited.iter().map(|item| item["id"].as_str().expect("an id")).collect();
        assert_eq!(ids, expected, "{query}");
    }
}

#[tokio::test]
async fn pages_visit_each_item_once_where_all_are_of_one_moment() {
    let (ada, kind) = (Person::register().await, new_type());
    for index in 0..5 {
        let _ = create(&ada, &index.to_string(), "public", &kind).await;
    }
    let moment = "update artifacts set created_at = '2026-01-02 03:04:05.678901+00' where type = $1";
    assert_eq!(database::behind().await.execute(moment, &[&kind]).await.expect("works"), 5);
    for limit in 1..=6 {
        let items = ada.walk(&format!("/v1/artifacts?type={kind}&limit={limit}")).await;
        assert_eq!(titles(&items), ["4", "3", "2", "1", "0"], "by {limit}");
    }
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let ada = Person::register().await;
    for (query, pointer) in [
        ("limit=0", "/query/limit"),
        ("limit=101", "/query/limit"),
        ("limit=-1", "/query/limit"),
        ("limit=ten", "/query/limit"),
        ("limit=", "/query/limit"),
        ("limit=99999999999999999999", "/query/limit"),
        ("cursor=", "/query/cursor"),
        ("cursor=nonsense", "/query/cursor"),
        ("cursor=AAAA", "/query/cursor"),
        ("cursor=%00", "/query"),
        ("visibility=secret", "/query/visibility"),
        ("type=", "/query/type"),
        ("owner=", "/query/owner"),
        ("offset=3", "/query/offset"),
    ] {
        let reply = ada.get(&format!("/v1/artifacts?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer], "{query}");
    }
}

/// A cursor is not signed: whatever time someone writes into one, the database must be able to compare with it.
#[tokio::test]
async fn cursors_of_any_time_are_answered() {
    let ada = Person::register().await;
    // From before PostgreSQL's first day to what no calendar holds.
    for microseconds in
        [i64::MIN, -377_000_000_000_000_000, -210_866_803_200_000_001, 0, 253_402_000_000_000_000, i64::MAX]
    {
        let mut bytes = microseconds.to_be_bytes().to_vec();
        bytes.extend([0; 16]);
        let cursor = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let reply = ada.get(&format!("/v1/artifacts?owner=me&cursor={cursor}")).await;
        assert!([200, 422].contains(&reply.status), "{microseconds}: {}", reply.json);
    }
}

#[tokio::test]
async fn the_trash_is_its_owners_alone() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let mut ids = Vec::new();
    for visibility in ["public", "private", "public", "public"] {
        ids.push(ada.create_artifact(visibility, "draw();\n").await.id());
    }
    for id in [&ids[2], &ids[0], &ids[1]] {
        let _ = ada.delete(&format!("/v1/artifacts/{id}")).await.expect(204);
    }
    for path in ["/v1/artifacts?trashed=true&limit=1", "/v1/artifacts?trashed=true&owner=me&limit=2"] {
        let items = ada.walk(path).await;
        let found: Vec<&str> = items.iter().map(|item| item["id"].as_str().expect("an id")).collect();
        assert_eq!(found, [&ids[1], &ids[0], &ids[2]], "the last thrown away first");
        assert!(items.iter().all(|item| item["deleted_at"].is_string()));
    }
    assert_eq!(ada.walk("/v1/artifacts?trashed=true&visibility=private").await.len(), 1);
    assert_eq!(ada.walk("/v1/artifacts?trashed=false&owner=me").await.len(), 1);
    assert!(bob.walk("/v1/artifacts?trashed=true").await.is_empty());
    let _ = Person::anonymous().get("/v1/artifacts?trashed=true").await.expect_problem(401, "unauthenticated");
    let others = format!("/v1/artifacts?trashed=true&owner={}", ada.handle());
    assert_eq!(bob.get(&others).await.expect_problem(422, "invalid").pointers(), ["/query/owner"]);
    let reply = ada.get("/v1/artifacts?trashed=maybe").await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/trashed"]);
}
