//! PATCH /v1/users/me

use harness::{Person, Value, database, json, together};
use uuid::Uuid;

const PATH: &str = "/v1/users/me";

#[tokio::test]
async fn left_out_null_and_given_are_three_things() {
    let ada = Person::register().await;
    let all = json!({
        "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "preferences": {"theme": "dark"}
    });
    let changed = ada.patch(PATH, "*", all).await.expect(200);
    assert_eq!(changed.json["given_name"], "Ada");
    let changed =
        ada.patch(PATH, &changed.etag(), json!({"given_name": null, "family_name": "King"})).await.expect(200);
    assert_eq!((&changed.json["name"], &changed.json["given_name"]), (&json!("Ada Lovelace"), &Value::Null));
    assert_eq!(changed.json["family_name"], "King");
    assert_eq!(changed.json["preferences"], json!({"theme": "dark"}));
    assert_eq!((&changed.json["email"], &changed.json["handle"]), (&ada.user["email"], &ada.user["handle"]));
    // Replaced, not merged.
    let changed = ada.patch(PATH, &changed.etag(), json!({"preferences": {"size": 2}})).await.expect(200);
    assert_eq!(changed.json["preferences"], json!({"size": 2}));
    let read = ada.get(PATH).await.expect(200);
    assert_eq!((&read.json, read.etag()), (&changed.json, changed.etag()));
}

#[tokio::test]
async fn nothing_may_be_changed() {
    let ada = Person::register().await;
    let mut changed = ada.patch(PATH, "*", json!({})).await.expect(200);
    changed.json["updated_at"] = ada.user["updated_at"].clone();
    assert_eq!(changed.json, ada.user);
}

#[tokio::test]
async fn a_change_is_made_upon_what_was_read() {
    let ada = Person::register().await;
    let etag = ada.get(PATH).await.expect(200).etag();
    let body = json!({"name": "Ada"});
    let _ = ada.send_with("PATCH", PATH, &[], body.clone()).await.expect_problem(428, "precondition_required");
    let changed = ada.patch(PATH, &etag, body.clone()).await.expect(200);
    for stale in [etag.as_str(), "\"0\"", "\"\"", "\"-1\"", "nonsense", "\"99999999999999999999\"", "W/\"1\""] {
        let _ = ada.patch(PATH, stale, json!({"name": "Eve"})).await.expect_problem(412, "stale");
    }
    assert_eq!(ada.get(PATH).await.expect(200).json["name"], "Ada");
    let _ = ada.patch(PATH, &changed.etag(), body.clone()).await.expect(200);
    let _ = ada.patch(PATH, "*", body).await.expect(200);
}

#[tokio::test]
async fn of_writers_with_the_same_etag_one_wins() {
    let ada = Person::register().await;
    let etag = ada.get(PATH).await.expect(200).etag();
    let replies = together((0..10).map(|index| {
        let (ada, etag) = (ada.clone(), etag.clone());
        async move { ada.patch(PATH, &etag, json!({"name": format!("Ada {index}")})).await }
    }));
    let (won, lost): (Vec<_>, Vec<_>) = replies.await.into_iter().partition(|reply| reply.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 9));
    for reply in lost {
        let _ = reply.expect_problem(412, "stale");
    }
    assert_eq!(ada.get(PATH).await.expect(200).json, won[0].json);
}

#[tokio::test]
async fn another_address_is_signed_in_with_from_then_on() {
    let ada = Person::register().await;
    let email = format!("{}@example.com", Uuid::new_v4().simple());
    let changed = ada.patch(PATH, "*", json!({"email": email})).await.expect(200);
    assert_eq!(changed.json["email"], email);
    let credentials = |email: &Value| json!({"email": email, "password": ada.password});
    let nobody = Person::anonymous();
    let _ = nobody.post("/v1/sessions", credentials(&json!(email))).await.expect(201);
    let reply = nobody.post("/v1/sessions", credentials(&ada.user["email"])).await;
    let _ = reply.expect_problem(401, "wrong_credentials");
    // One's own in another case is no one else's.
    let _ = ada.patch(PATH, "*", json!({"email": email.to_uppercase()})).await.expect(200);
}

#[tokio::test]
async fn a_taken_address_is_refused_in_any_case() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let taken = bob.user["email"].as_str().expect("an address").to_uppercase();
    let reply = ada.patch(PATH, "*", json!({"email": taken, "name": "Bob"})).await.expect_problem(409, "email_taken");
    assert_eq!(reply.pointers(), ["/email"]);
    assert_eq!(ada.get(PATH).await.expect(200).json, ada.user);
}

#[tokio::test]
async fn nobody_elses_account_is_changed() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let _ = ada.patch(PATH, "*", json!({"name": "Changed"})).await.expect(200);
    assert_eq!(bob.get(PATH).await.expect(200).json, bob.user);
    let path = format!("/v1/users/{}", bob.id());
    let _ = ada.patch(&path, "*", json!({"name": "Mine"})).await.expect_problem(422, "invalid");
    let _ = ada.patch(&path, "*", json!({"is_active": false})).await.expect_problem(404, "not_found");
    assert_eq!(bob.get(PATH).await.expect(200).json, bob.user);
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    ada.expect_strict("PATCH", PATH, json!({"name": "Ada"})).await;
    let deep = |levels: usize| (0..levels).fold(json!({}), |inner, _| json!({ "a": inner }));
    ada.expect_invalid(
        "PATCH",
        PATH,
        &json!({}),
        &[
            ("/email", Value::Null),
            ("/email", json!("ada")),
            ("/email", json!("a\u{0}@example.com")),
            ("/email", json!(format!("{}@example.com", "a".repeat(250)))),
            ("/name", json!("")),
            ("/name", json!(" ")),
            ("/name", json!("ü".repeat(201))),
            ("/name", json!("\u{0}")),
            ("/name", json!(7)),
            ("/given_name", json!("x".repeat(101))),
            ("/given_name", json!("a\u{0}")),
            ("/family_name", json!("x".repeat(1_000_000))),
            ("/family_name", json!([])),
            ("/preferences", Value::Null),
            ("/preferences", json!([])),
            ("/preferences", json!("{}")),
            ("/preferences", json!({"a\u{0}": 1})),
            ("/preferences", json!({"a": [{"b": "\u{0}"}]})),
            ("/preferences", json!({"a": "x".repeat(64 * 1024)})),
            ("/id", json!(Uuid::now_v7())),
            ("/handle", json!("ada")),
            ("/is_superuser", json!(true)),
            ("/is_active", json!(false)),
            ("/password_hash", json!("x")),
            ("/last_login_at", json!("2020-01-01T00:00:00Z")),
        ],
    )
    .await;
    let _ = ada.patch(PATH, "*", json!({ "preferences": deep(100) })).await.expect(200);
    let _ = ada.patch(PATH, "*", json!({ "preferences": deep(1_000) })).await.expect(422);
}

#[tokio::test]
async fn odd_values_are_kept_or_refused() {
    let ada = Person::register().await;
    let odd = "\u{202e}\u{feff}e\u{301}\u{1f469}\u{200d}\u{1f680}\u{fffd}\u{10ffff}'\"\\%_$1;--\r\n\u{1}";
    let body =
        json!({"name": odd, "given_name": odd, "family_name": odd, "preferences": {odd: [odd, -0.5, true, null]}});
    let changed = ada.patch(PATH, "*", body.clone()).await.expect(200);
    for field in ["name", "given_name", "family_name", "preferences"] {
        assert_eq!(changed.json[field], body[field], "{field}");
    }
    for text in [
        r#"{"preferences": {"a": 1e308}}"#,
        r#"{"preferences": {"a": 1e400}}"#,
        r#"{"preferences": {"a": -1e-400}}"#,
        r#"{"preferences": {"a": 123456789012345678901234567890}}"#,
        r#"{"preferences": {"a": "\ud800"}}"#,
        r#"{"preferences": {"a": 1, "a": 2}}"#,
        r#"{"name": "a", "name": "b"}"#,
        "{\"name\": \"\u{feff}\"}",
    ] {
        let reply = ada.send_text("PATCH", PATH, text).await;
        assert!([200, 400, 422].contains(&reply.status), "{text}: {}", reply.status);
    }
}

#[tokio::test]
async fn a_deactivated_account_changes_nothing() {
    let ada = Person::register().await;
    let id: Uuid = ada.id().parse().expect("a UUID");
    let behind = database::behind().await;
    behind.execute("update users set is_active = false where id = $1", &[&id]).await.expect("it can be set");
    let _ = ada.patch(PATH, "*", json!({"name": "Ada"})).await.expect_problem(401, "unauthenticated");
}
