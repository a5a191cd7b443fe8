//! POST /v1/sessions

use harness::{Person, Reply, Value, database, json};
use shared::text::Sha256;
use uuid::Uuid;

const PATH: &str = "/v1/sessions";

fn credentials(person: &Person) -> Value {
    json!({"email": person.user["email"], "password": person.password})
}

async fn sign_in(body: Value) -> Reply {
    Person::anonymous().post(PATH, body).await
}

fn user_id(person: &Person) -> Uuid {
    person.id().parse().expect("a UUID")
}

#[tokio::test]
async fn a_further_session_leaves_the_first_alone() {
    let ada = Person::register().await;
    let made = sign_in(credentials(&ada)).await.expect(201);
    assert_eq!(made.header("location"), "/v1/users/me");
    assert_eq!(made.json["user"]["id"], ada.id());
    assert_eq!(made.json["session"].as_object().expect("a session").len(), 3);
    assert_ne!(made.json["session"]["token"], json!(ada.token));
    let mut again = Person::anonymous();
    again.token = made.json["session"]["token"].as_str().map(str::to_owned);
    for person in [&ada, &again] {
        assert_eq!(person.get("/v1/users/me").await.expect(200).json, made.json["user"]);
    }
}

#[tokio::test]
async fn an_address_is_known_in_any_case() {
    let ada = Person::register().await;
    let mut body = credentials(&ada);
    body["email"] = json!(ada.user["email"].as_str().expect("an address").to_uppercase());
    assert_eq!(sign_in(body).await.expect(201).json["user"]["id"], ada.id());
}

#[tokio::test]
async fn the_account_notes_when() {
    let ada = Person::register().await;
    let behind = database::behind().await;
    let long_ago = "update users set last_login_at = '2020-01-01' where id = $1";
    behind.execute(long_ago, &[&user_id(&ada)]).await.expect("it can be set");
    assert!(ada.get("/v1/users/me").await.expect(200).json["last_login_at"].as_str() < Some("2021"));
    let made = sign_in(credentials(&ada)).await.expect(201);
    assert!(made.json["user"]["last_login_at"].as_str() > Some("2021"));
}

/// What an import brings from passlib or bcryptjs signs in, and becomes a hash of ours at that.
#[tokio::test]
async fn a_foreign_hash_signs_in_and_is_replaced() {
    let ada = Person::register().await;
    let behind = database::behind().await;
    let hashed = "update users set password_hash = $2 where id = $1";
    // "correct horse battery staple", of the lowest cost there is.
    let foreign = "$2b$04$Q/z2XaypZnuiAvdLOG9sKeBHlHoawPSaKR/XgoF2uX8HRY5xOZtSG";
    behind.execute(hashed, &[&user_id(&ada), &foreign]).await.expect("it can be set");
    let mut body = credentials(&ada);
    body["password"] = json!("Correct horse battery staple");
    assert_eq!(sign_in(body.clone()).await.status, 401);
    body["password"] = json!("correct horse battery staple");
    assert_eq!(sign_in(body.clone()).await.expect(201).json["user"]["id"], ada.id());
    let row =
        behind.query_one("select password_hash from users where id = $1", &[&user_id(&ada)]).await.expect("a row");
    assert!(row.get::<_, String>(0).starts_with("$argon2id$"));
    assert_eq!(sign_in(body.clone()).await.status, 201);
    // Hashes of no kind that we know, or of a cost that would keep us busy, fit no password.
    for unusable in
        ["", "plain", "$2b$31$Q/z2XaypZnuiAvdLOG9sKeBHlHoawPSaKR/XgoF2uX8HRY5xOZtSG", "$2b$04$short", "$1$abc$def"]
    {
        behind.execute(hashed, &[&user_id(&ada), &unusable]).await.expect("it can be set");
        assert_eq!(sign_in(body.clone()).await.status, 401, "{unusable}");
    }
}

/// Nobody learns who has an account: all of it fails the same.
#[tokio::test]
async fn every_failure_is_the_same() {
    let (ada, deactivated, without_password) =
        (Person::register().await, Person::register().await, Person::register().await);
    let behind = database::behind().await;
    let deactivate = "update users set is_active = false where id = $1";
    behind.execute(deactivate, &[&user_id(&deactivated)]).await.expect("it can be set");
    let forget = "update users set password_hash = null where id = $1";
    behind.execute(forget, &[&user_id(&without_password)]).await.expect("it can be set");
    let with = |password: &str| json!({"email": ada.user["email"], "password": password});
    let wrong = sign_in(with("not the password")).await.expect_problem(401, "wrong_credentials");
    for body in [
        with(&ada.password.to_uppercase()),
        with(&format!("{} ", ada.password)),
        with(""),
        with("' or '1' = '1"),
        json!({"email": format!("{}@example.com", Uuid::new_v4()), "password": ada.password}),
        json!({"email": "no address", "password": ada.password}),
        json!({"email": "%", "password": ada.password}),
        credentials(&deactivated),
        credentials(&without_password),
    ] {
        let reply = sign_in(body).await.expect_problem(401, "wrong_credentials");
        assert_eq!((&reply.bytes, &reply.headers.len()), (&wrong.bytes, &wrong.headers.len()));
    }
}

#[tokio::test]
async fn an_unreadable_hash_lets_nobody_in() {
    let ada = Person::register().await;
    let behind = database::behind().await;
    // A password of another algorithm, as an import might bring it.
    let bcrypt =
        "update users set password_hash = '$2b$12$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234' where id = $1";
    behind.execute(bcrypt, &[&user_id(&ada)]).await.expect("it can be set");
    let _ = sign_in(credentials(&ada)).await.expect_problem(401, "wrong_credentials");
}

#[tokio::test]
async fn whatever_password_was_registered_signs_in() {
    for password in
        [" ".repeat(8), "\u{1f511}".repeat(8), "\t\n\r\u{feff}\u{202e}\u{1}\u{7f}x".to_owned(), "x".repeat(256)]
    {
        let email = format!("{}@example.com", Uuid::new_v4().simple());
        let body = json!({"email": email, "password": password});
        let _ = Person::anonymous().post("/v1/users", body.clone()).await.expect(201);
        let _ = sign_in(body).await.expect(201);
    }
}

#[tokio::test]
async fn the_token_is_kept_as_its_hash_alone() {
    let ada = Person::register().await;
    let again = ada.sign_in().await;
    let token = again.token.expect("a token");
    let hash = Sha256::of(token.as_bytes()).0.to_vec();
    let kept = "select count(*) from sessions where token_hash = $1 and user_id = $2";
    assert_eq!(database::number(kept, &[&hash, &user_id(&ada)]).await, 1);
    let shown = "select count(*) from sessions where position($1 in sessions::text) > 0
        or position(encode(convert_to($1, 'UTF8'), 'hex') in sessions::text) > 0";
    assert_eq!(database::number(shown, &[&token]).await, 0);
}

#[tokio::test]
async fn a_session_lasts_thirty_days() {
    let ada = Person::register().await;
    let days = "select (extract(epoch from expires_at - created_at) / 86400)::bigint from sessions where user_id = $1";
    assert_eq!(database::number(days, &[&user_id(&ada)]).await, 30);
}

#[tokio::test]
async fn the_body_is_read_strictly() {
    let ada = Person::register().await;
    let nobody = Person::anonymous();
    nobody.expect_strict_form("POST", PATH, credentials(&ada)).await;
    nobody
        .expect_invalid(
            "POST",
            PATH,
            &credentials(&ada),
            &[
                ("/email", json!("")),
                ("/email", json!("a\u{0}")),
                ("/email", json!("a".repeat(255))),
                ("/email", json!(null)),
                ("/email", json!({"$ne": null})),
                ("/password", json!("a\u{0}")),
                ("/password", json!("x".repeat(257))),
                ("/password", json!("x".repeat(1_000_000))),
                ("/password", json!(null)),
                ("/password", json!(7)),
                ("/user_id", json!(ada.id())),
            ],
        )
        .await;
    let _ = nobody.send_text("POST", PATH, "").await.expect_problem(422, "invalid");
    assert_eq!(ada.walk(PATH).await.len(), 1);
}

#[tokio::test]
async fn a_token_is_not_looked_at() {
    let mut ada = Person::register().await;
    let body = credentials(&ada);
    ada.token = Some("atelier_of-yesterday".to_owned());
    let _ = ada.post(PATH, body).await.expect(201);
}
