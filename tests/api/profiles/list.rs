//! GET /v1/profiles?q=

use harness::{Person, Value, json};
use uuid::Uuid;

/// Letters that no other test's names begin with.
fn unique() -> String {
    Uuid::new_v4().simple().to_string()[..12]
        .chars()
        .map(|c| if c.is_ascii_digit() { (c as u8 - b'0' + b'g') as char } else { c })
        .collect()
}

async fn someone(handle: &str, name: Value) -> Person {
    let person = Person::register().await;
    let body = json!({"handle": handle, "display_name": name, "bio": "I make clocks.", "age": 36, "city": "London"});
    let _ = person.send_with("PUT", "/v1/profiles/me", &[("if-match", "*")], body).await.expect(200);
    person
}

async fn find(person: &Person, q: &str) -> Vec<String> {
    let encoded: String = q.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let items = person.walk(&format!("/v1/profiles?q={encoded}&limit=2")).await;
    items.iter().map(|item| item["handle"].as_str().expect("a handle").to_owned()).collect()
}

#[tokio::test]
async fn handles_come_before_names_and_both_before_what_is_like_them() {
    let word = unique();
    let name = |rest: &str| format!("{}{rest}", word.to_uppercase());
    let (exact, longer, named, inside) =
        (word.clone(), format!("{word}-lovelace"), format!("n{}", unique()), format!("i{}", unique()));
    let _ = someone(&inside, json!(format!("Ada {word}"))).await;
    let _ = someone(&named, json!(name(" Byron"))).await;
    let _ = someone(&longer, Value::Null).await;
    let _ = someone(&exact, json!("Nobody in particular")).await;
    for person in [Person::register().await, Person::anonymous()] {
        assert_eq!(find(&person, &word).await, [&*exact, &*longer, &*named, &*inside]);
        assert_eq!(find(&person, &format!(" {} ", word.to_uppercase())).await, [&*exact, &*longer, &*named, &*inside]);
        assert_eq!(find(&person, &format!("{word} by")).await[0], named);
        // With a letter too many.
        let mistyped = format!("{}q{}", &word[..6], &word[6..]);
        assert!(find(&person, &mistyped).await.contains(&exact));
    }
}

#[tokio::test]
async fn what_is_private_stays_so() {
    let (word, bob) = (unique(), Person::register().await);
    let ada = someone(&word, json!("Ada")).await;
    let found = |person: Person| {
        let path = format!("/v1/profiles?q={word}");
        async move { person.get(&path).await.expect(200).json["items"][0].clone() }
    };
    let read = ada.get(&format!("/v1/profiles/{word}")).await.expect(200);
    assert_eq!(found(ada.clone()).await, read.json);
    assert_eq!(read.json["city"], "London");
    let seen = found(bob.clone()).await;
    assert_eq!((&seen["age"], &seen["city"]), (&Value::Null, &Value::Null));
    let body = json!({"handle": word, "age": 36, "city": "London", "visible_fields": ["city"]});
    let _ = ada.send_with("PUT", "/v1/profiles/me", &[("if-match", "*")], body).await.expect(200);
    let seen = found(bob).await;
    assert_eq!((&seen["age"], &seen["city"]), (&Value::Null, &json!("London")));
}

#[tokio::test]
async fn former_handles_find_nobody() {
    let (before, after) = (unique(), unique());
    let ada = someone(&before, Value::Null).await;
    let body = json!({ "handle": after });
    let _ = ada.send_with("PUT", "/v1/profiles/me", &[("if-match", "*")], body).await.expect(200);
    assert!(find(&ada, &before).await.is_empty());
    assert_eq!(find(&ada, &after).await, [&*after]);
}

#[tokio::test]
async fn pages_visit_each_profile_once() {
    let word = unique();
    let mut expected = Vec::new();
    for index in 0..25 {
        expected.push(format!("{word}{index:02}"));
        let _ = someone(&expected[index], json!(format!("{word} {index}"))).await;
    }
    for limit in [1, 7, 24, 25, 100] {
        let items = Person::anonymous().walk(&format!("/v1/profiles?q={word}&limit={limit}")).await;
        let mut handles: Vec<&str> = items.iter().map(|item| item["handle"].as_str().expect("a handle")).collect();
        handles.sort_unstable();
        assert_eq!(handles, expected, "by {limit}");
    }
}

#[tokio::test]
async fn odd_words_find_nothing_and_wrong_parameters_are_named() {
    let ada = Person::register().await;
    for q in [
        "%25",
        "_____",
        "'%3B--",
        "%5C%5C",
        "%F0%9F%92%A3",
        "%E2%80%AE",
        "%26%20%7C%20%21",
        "%F4%8F%BF%BF",
        &"x".repeat(100),
    ] {
        assert!(ada.walk(&format!("/v1/profiles?q={q}")).await.is_empty(), "{q}");
    }
    for (query, pointer) in [
        ("", "/query"),
        ("q=", "/query/q"),
        ("q=%20", "/query/q"),
        ("q=%00", "/query"),
        (&*format!("q={}", "x".repeat(101)), "/query/q"),
        ("q=a&limit=0", "/query/limit"),
        ("q=a&cursor=nonsense", "/query/cursor"),
        ("q=a&sort=newest", "/query/sort"),
    ] {
        let reply = ada.get(&format!("/v1/profiles?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer], "{query}");
    }
    let mut stale = Person::anonymous();
    stale.token = Some("atelier_of-yesterday".to_owned());
    let _ = stale.get("/v1/profiles?q=ada").await.expect_problem(401, "unauthenticated");
}
