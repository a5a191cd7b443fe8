//! POST /v1/users

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use harness::{Person, Reply, Value, database, json, together};
use shared::text::Sha256;
use uuid::Uuid;

const PATH: &str = "/v1/users";

fn unique() -> String {
    Uuid::new_v4().simple().to_string()
}

fn account(name: &str) -> Value {
    json!({"email": format!("{name}@example.com"), "password": "correct horse battery"})
}

async fn register(body: Value) -> Reply {
    Person::anonymous().post(PATH, body).await
}

#[tokio::test]
async fn an_account_comes_with_a_profile_and_a_session() {
    let name = unique();
    let handle = format!("Ada-{}", &name[..16]);
    let made = register(json!({
        "email": format!("Ada.{name}@Example.com"), "password": "correct horse battery", "name": "Ada Lovelace",
        "handle": handle
    }));
    let made = made.await.expect(201);
    assert_eq!(made.header("location"), "/v1/users/me");
    let user = &made.json["user"];
    assert_eq!(user["email"], format!("Ada.{name}@Example.com"));
    assert_eq!(
        (&user["name"], &user["given_name"], &user["family_name"]),
        (&json!("Ada Lovelace"), &json!(null), &json!(null))
    );
    assert_eq!(
        (&user["preferences"], &user["is_active"], &user["is_superuser"]),
        (&json!({}), &json!(true), &json!(false))
    );
    assert_eq!(user["handle"], handle.to_lowercase());
    assert_eq!(user["last_login_at"], user["created_at"]);
    assert_eq!(made.json["session"].as_object().expect("a session").len(), 3);

    let mut ada = Person::anonymous();
    ada.token = made.json["session"]["token"].as_str().map(str::to_owned);
    assert_eq!(&ada.get("/v1/users/me").await.expect(200).json, user);
    let profile = ada.get("/v1/profiles/me").await.expect(200);
    assert_eq!(profile.json["user_id"], user["id"]);
    assert_eq!((&profile.json["handle"], &profile.json["display_name"]), (&user["handle"], &json!("Ada Lovelace")));
    let sessions = ada.get("/v1/sessions").await.expect(200);
    assert_eq!(sessions.json["items"][0]["id"], made.json["session"]["id"]);
    assert_eq!(sessions.json["items"][0]["expires_at"], made.json["session"]["expires_at"]);
}

#[tokio::test]
async fn an_address_and_a_password_are_enough() {
    let (first, second) =
        (register(account(&unique())).await.expect(201), register(account(&unique())).await.expect(201));
    let handles = [&first, &second].map(|made| made.json["user"]["handle"].as_str().expect("a handle").to_owned());
    assert!(handles.iter().all(|handle| handle.starts_with("maker-")), "{handles:?}");
    assert_ne!(handles[0], handles[1]);
    assert_eq!(first.json["user"]["name"], Value::Null);
}

#[tokio::test]
async fn an_address_is_taken_in_any_case() {
    let ada = Person::register().await;
    let email = ada.user["email"].as_str().expect("an address");
    for email in [email.to_owned(), email.to_uppercase()] {
        let reply = register(json!({"email": email, "password": "correct horse battery"})).await;
        assert_eq!(reply.expect_problem(409, "email_taken").pointers(), ["/email"]);
    }
}

#[tokio::test]
async fn a_taken_handle_leaves_no_account_behind() {
    let ada = Person::register().await;
    let mut body = account(&unique());
    body["handle"] = json!(ada.handle().to_uppercase());
    let reply = register(body.clone()).await.expect_problem(409, "handle_taken");
    assert_eq!(reply.pointers(), ["/handle"]);
    let email = body["email"].as_str().expect("an address");
    assert_eq!(database::number("select count(*) from users where email = $1", &[&email]).await, 0);
    body["handle"] = json!(format!("x{}", &unique()[..16]));
    let _ = register(body).await.expect(201);
}

#[tokio::test]
async fn of_many_who_want_a_handle_at_once_one_gets_it() {
    let (handle, domain) = (format!("h{}", &unique()[..16]), format!("{}.example.com", unique()));
    let replies = together((0..20).map(|index| {
        let body = json!({
            "email": format!("{index}@{domain}"), "password": "correct horse battery", "handle": handle
        });
        register(body)
    }));
    let (won, lost): (Vec<_>, Vec<_>) = replies.await.into_iter().partition(|reply| reply.status == 201);
    assert_eq!((won.len(), lost.len()), (1, 19));
    for reply in lost {
        let _ = reply.expect_problem(409, "handle_taken");
    }
    let accounts = "select count(*) from users where email like '%@' || $1";
    assert_eq!(database::number(accounts, &[&domain]).await, 1);
}

#[tokio::test]
async fn of_many_who_want_an_address_at_once_one_gets_it() {
    let name = unique();
    let replies = together((0..8).map(|index| {
        let mut body = account(&name);
        if index % 2 == 0 {
            body["email"] = json!(format!("{}@EXAMPLE.com", name.to_uppercase()));
        }
        register(body)
    }));
    let (won, lost): (Vec<_>, Vec<_>) = replies.await.into_iter().partition(|reply| reply.status == 201);
    assert_eq!((won.len(), lost.len()), (1, 7));
    for reply in lost {
        let _ = reply.expect_problem(409, "email_taken");
    }
}

#[tokio::test]
async fn a_token_is_not_looked_at() {
    let mut stale = Person::anonymous();
    stale.token = Some("atelier_of-yesterday".to_owned());
    let _ = stale.post(PATH, account(&unique())).await.expect(201);
}

#[tokio::test]
async fn the_body_is_read_strictly() {
    let nobody = Person::anonymous();
    nobody.expect_strict_form("POST", PATH, account(&unique())).await;
    for field in ["is_superuser", "is_active", "id", "password_hash"] {
        let mut body = account(&unique());
        body[field] = json!(true);
        let reply = register(body).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [format!("/{field}")]);
    }
    let _ = nobody.send_text("POST", PATH, "").await.expect_problem(422, "invalid");
    for text in ["[]", "null", "\"\"", "7"] {
        let _ = nobody.send_text("POST", PATH, text).await.expect_problem(422, "invalid");
    }
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let name = unique();
    Person::anonymous()
        .expect_invalid(
            "POST",
            PATH,
            &account(&name),
            &[
                ("/email", json!("")),
                ("/email", json!("ada")),
                ("/email", json!("@example.com")),
                ("/email", json!("ada@")),
                ("/email", json!("a@b@example.com")),
                ("/email", json!("a da@example.com")),
                ("/email", json!("a\u{a0}da@example.com")),
                ("/email", json!("ada\u{0}@example.com")),
                ("/email", json!("ada@example.com\r\nBcc: all@example.com")),
                ("/email", json!(format!("{}@example.com", "a".repeat(250)))),
                ("/email", json!("a".repeat(1_000_000) + "@example.com")),
                ("/email", json!(null)),
                ("/email", json!(["ada@example.com"])),
                ("/password", json!("")),
                ("/password", json!("7 chars")),
                ("/password", json!("\u{1f511}".repeat(7))),
                ("/password", json!("x".repeat(257))),
                ("/password", json!("correct\u{0}horse")),
                ("/password", json!("x".repeat(1_000_000))),
                ("/password", json!(12_345_678)),
                ("/name", json!("")),
                ("/name", json!(" \t ")),
                ("/name", json!("ü".repeat(201))),
                ("/name", json!("A\u{0}da")),
                ("/name", json!({})),
                ("/handle", json!("")),
                ("/handle", json!("a")),
                ("/handle", json!("a".repeat(33))),
                ("/handle", json!("-ada")),
                ("/handle", json!("ada-")),
                ("/handle", json!("a--da")),
                ("/handle", json!("a_da")),
                ("/handle", json!("ädä")),
                // A Kelvin sign, which becomes a plain k in lower case.
                ("/handle", json!("\u{212a}elvin")),
                ("/handle", json!("a\u{0}da")),
                ("/handle", json!("admin")),
                ("/handle", json!("Me")),
                ("/handle", json!("API")),
                ("/handle", json!(7)),
            ],
        )
        .await;
    let email = format!("{name}@example.com");
    assert_eq!(database::number("select count(*) from users where email = $1", &[&email]).await, 0);
}

#[tokio::test]
async fn odd_characters_are_kept() {
    let name = unique();
    let odd = "\u{202e}\u{feff}e\u{301}\u{1f469}\u{200d}\u{1f680}\u{fffd}\u{10ffff}'\"\\%_$1;--\u{1}\u{7f}";
    // What some take for a space, and others do not.
    for (index, character) in ['\u{180e}', '\u{200b}', '\u{2060}', '\u{feff}', '\u{ad}', '\u{e000}'].iter().enumerate()
    {
        let email = format!("{character}{index}{name}@ex\u{e4}mple.com");
        let body = json!({"email": email, "password": odd, "name": odd});
        let made = register(body).await.expect(201);
        assert_eq!((&made.json["user"]["email"], &made.json["user"]["name"]), (&json!(email), &json!(odd)));
        let signed_in = Person::anonymous().post("/v1/sessions", json!({"email": email, "password": odd})).await;
        let _ = signed_in.expect(201);
    }
}

#[tokio::test]
async fn a_password_is_kept_as_argon2id_with_a_salt_of_its_own() {
    let (first, second) =
        (register(account(&unique())).await.expect(201), register(account(&unique())).await.expect(201));
    let mut hashes = Vec::new();
    for made in [first, second] {
        assert!(!String::from_utf8_lossy(&made.bytes).contains("argon2"));
        let id: Uuid = made.json["user"]["id"].as_str().expect("an id").parse().expect("a UUID");
        let rows = database::behind().await.query("select password_hash from users where id = $1", &[&id]).await;
        hashes.push(rows.expect("the query works")[0].get::<_, String>(0));
    }
    assert!(hashes.iter().all(|hash| hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")), "{hashes:?}");
    assert_ne!(hashes[0], hashes[1]);
}

/// Neither the token nor the password is in any row of any table, in any spelling.
#[tokio::test]
async fn no_secret_is_in_the_database() {
    let body = account(&unique());
    let key = unique();
    let made = Person::anonymous().post_with(PATH, &[("idempotency-key", &key)], body.clone()).await.expect(201);
    let token = made.json["session"]["token"].as_str().expect("a token");
    let random = BASE64_URL_SAFE_NO_PAD.decode(token.strip_prefix("atelier_").expect("our prefix")).expect("Base64");
    assert_eq!(random.len(), 32);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let secrets =
        [token.to_owned(), hex(token.as_bytes()), hex(&random), body["password"].as_str().expect("one").to_owned()];

    let behind = database::behind().await;
    let tables = "select format('%I.%I', table_schema, table_name) from information_schema.tables
        where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')";
    let mut looked_at = 0;
    for row in behind.query(tables, &[]).await.expect("the query works") {
        let table: String = row.get(0);
        for secret in &secrets {
            let found = format!("select count(*) from {table} t where position($1 in t::text) > 0");
            let found: i64 = behind.query_one(&found, &[secret]).await.expect("the query works").get(0);
            assert_eq!(found, 0, "{secret} is in {table}");
        }
        looked_at += 1;
    }
    assert!(looked_at > 10);
    let hash = Sha256::of(token.as_bytes()).0.to_vec();
    assert_eq!(database::number("select count(*) from sessions where token_hash = $1", &[&hash]).await, 1);
}
