//! POST /v1/items

use harness::{Person, Value, json};

const PATH: &str = "/v1/items";

#[tokio::test]
async fn a_note_is_kept() {
    let ada = Person::register().await;
    let made = ada.post(PATH, json!({"title": "Ideas", "description": "A clock \u{1f552}\n"})).await.expect(201);
    assert_eq!((&made.json["title"], &made.json["description"]), (&json!("Ideas"), &json!("A clock \u{1f552}\n")));
    assert_eq!(made.json["owner_id"], ada.id());
    assert_eq!(made.header("location"), format!("{PATH}/{}", made.id()));
    let least = ada.post(PATH, json!({"title": "Ideas"})).await.expect(201);
    assert_eq!(least.json["description"], Value::Null);
    assert_eq!(ada.walk(PATH).await, [least.json, made.json]);
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let whole = json!({"title": "Ideas"});
    ada.expect_strict("POST", PATH, whole.clone()).await;
    let wrong = [
        ("/title", Value::Null),
        ("/title", json!("")),
        ("/title", json!("a\u{0}")),
        ("/title", json!("x".repeat(201))),
        ("/description", json!("")),
        ("/description", json!("x".repeat(20_001))),
        ("/owner_id", json!(ada.id())),
    ];
    ada.expect_invalid("POST", PATH, &whole, &wrong).await;
    let _ = ada.post(PATH, json!({})).await.expect_problem(422, "invalid");
    assert!(ada.walk(PATH).await.is_empty());
    let longest = json!({"title": "\u{1f552}".repeat(200), "description": "\u{1f552}".repeat(20_000)});
    let _ = ada.post(PATH, longest).await.expect(201);
}
