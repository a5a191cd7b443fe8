//! PUT /v1/drive/connection

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use harness::{
    Person, Value,
    database::{behind, number},
    drive::{Fault, fake},
    json,
};
use shared::text::Sha256;

const PATH: &str = "/v1/drive/connection";
const PAGE: &str = "https://app.example.com/drive";

#[tokio::test]
async fn a_code_with_pkce_connects() {
    let (ada, account) = (Person::register().await, fake().account());
    let verifier = "v".repeat(43);
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::of(verifier.as_bytes()).0);
    let wrong =
        json!({"code": account.code(PAGE, Some(&challenge)), "redirect_uri": PAGE, "code_verifier": "w".repeat(43)});
    assert_eq!(ada.put(PATH, wrong).await.expect_problem(422, "invalid").pointers(), ["/code"]);
    let body = json!({"code": account.code(PAGE, Some(&challenge)), "redirect_uri": PAGE, "code_verifier": verifier});
    let connection = ada.put(PATH, body.clone()).await.expect(200);
    assert_eq!((&connection.json["state"], &connection.json["synced_at"]), (&json!("connected"), &Value::Null));
    assert!(connection.json["next_sync_at"].is_string() && connection.json["failed_jobs"] == json!([]));
    assert!(!connection.json.to_string().contains(&account.refresh_token));
    let again = ada.put(PATH, body).await.expect_problem(422, "invalid");
    assert_eq!(again.pointers(), ["/code"], "a code is good once");
    assert_eq!(ada.get(PATH).await.expect(200).json, connection.json, "what is there stays");
}

#[tokio::test]
async fn a_refresh_token_connects_and_is_sealed() {
    let (ada, account) = (Person::register().await, fake().account());
    let _ = ada.put(PATH, json!({"refresh_token": account.refresh_token})).await.expect(200);
    let select = "select token, key_id from drive_connections where user_id = $1::text::uuid";
    let row = behind().await.query_one(select, &[&ada.id()]).await.expect("a connection");
    let token: Vec<u8> = row.get("token");
    assert_eq!((row.get::<_, &str>("key_id"), token.len()), ("new", 12 + account.refresh_token.len() + 16));
    let secret = account.refresh_token.as_bytes();
    assert!(!token.windows(8).any(|window| window == &secret[..8]));
}

#[tokio::test]
async fn connecting_anew_lets_what_waits_go_on() {
    let (ada, first, second) = (Person::register().await, fake().account(), fake().account());
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let _ = ada.put(PATH, json!({"refresh_token": first.refresh_token})).await.expect(200);
    let _ = ada.post("/v1/drive/files", json!({"artifact_id": artifact})).await.expect(201);
    let aside = "
        with connection as (
            update drive_connections set state = 'needs_consent', page_token = '7' where user_id = $1::text::uuid
        )
        update jobs set state = 'waiting', attempts = 5 where user_id = $1::text::uuid";
    assert_eq!(behind().await.execute(aside, &[&ada.id()]).await.expect("put aside"), 2);
    let _ =
        ada.post("/v1/drive/files", json!({"artifact_id": artifact})).await.expect_problem(409, "drive_not_connected");
    let connection = ada.put(PATH, json!({"refresh_token": second.refresh_token})).await.expect(200);
    assert_eq!(connection.json["state"], "connected");
    let going_on = "
        select count(*) from jobs
        join drive_connections using (user_id)
        where user_id = $1::text::uuid and jobs.state = 'queued' and attempts = 0 and page_token is null";
    assert_eq!(number(going_on, &[&ada.id()]).await, 2);
}

#[tokio::test]
async fn what_google_does_not_grant_connects_nothing() {
    let (ada, account) = (Person::register().await, fake().account());
    let token = json!({"refresh_token": account.refresh_token});
    let unknown = json!({"refresh_token": "1//unknown"});
    assert_eq!(ada.put(PATH, unknown).await.expect_problem(422, "invalid").pointers(), ["/refresh_token"]);
    let other = json!({"code": account.code(PAGE, None), "redirect_uri": "https://elsewhere.example.com"});
    assert_eq!(ada.put(PATH, other).await.expect_problem(422, "invalid").pointers(), ["/code"]);
    let bare = json!({"code": account.code_without_token("postmessage"), "redirect_uri": "postmessage"});
    let reply = ada.put(PATH, bare).await.expect_problem(422, "invalid");
    assert!(reply.json["errors"][0]["detail"].as_str().is_some_and(|detail| detail.contains("prompt=consent")));
    for fault in [Fault::Lost, Fault::error(503, "backendError"), Fault::error(429, "rateLimitExceeded")] {
        account.fail("token", fault);
        let _ = ada.put(PATH, token.clone()).await.expect_problem(503, "unavailable");
    }
    for (status, error) in [(400, "redirect_uri_mismatch"), (401, "unauthorized_client"), (400, "invalid_request")] {
        account.fail("token", Fault::Answer(status, &[], json!({"error": error})));
        assert_eq!(ada.put(PATH, token.clone()).await.expect_problem(422, "invalid").pointers(), ["/refresh_token"]);
    }
    account.fail("token", Fault::Answer(401, &[], json!({"error": "invalid_client"})));
    let _ = ada.put(PATH, token.clone()).await.expect_problem(500, "internal");
    account.narrow_scope();
    assert_eq!(ada.put(PATH, token).await.expect_problem(422, "invalid").pointers(), ["/refresh_token"]);
    let _ = ada.get(PATH).await.expect_problem(404, "not_found");
    assert_eq!(number("select count(*) from jobs where user_id = $1::text::uuid", &[&ada.id()]).await, 0);
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let (ada, account) = (Person::register().await, fake().account());
    let whole = json!({"code": account.code(PAGE, None), "redirect_uri": PAGE, "code_verifier": "v".repeat(43)});
    ada.expect_strict("PUT", PATH, whole.clone()).await;
    let wrong = [
        ("/code", json!("")),
        ("/code", json!("a\u{0}")),
        ("/code", json!("x".repeat(2049))),
        ("/redirect_uri", Value::Null),
        ("/redirect_uri", json!("app.example.com")),
        ("/code_verifier", json!("short")),
        ("/code_verifier", json!("x".repeat(129))),
        ("/refresh_token", json!(7)),
    ];
    ada.expect_invalid("PUT", PATH, &whole, &wrong).await;
    for neither in [
        json!({}),
        json!({"redirect_uri": PAGE}),
        json!({"refresh_token": "1//a", "redirect_uri": PAGE}),
        json!({"refresh_token": "1//a", "code": "4/a", "redirect_uri": PAGE}),
    ] {
        assert_eq!(ada.put(PATH, neither).await.expect_problem(422, "invalid").pointers(), ["/code"]);
    }
    let _ = ada.get(PATH).await.expect_problem(404, "not_found");
}
