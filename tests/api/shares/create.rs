//! POST /v1/shares

use harness::{
    Person,
    database::{self, number},
    json,
};
use uuid::Uuid;

#[tokio::test]
async fn a_chat_and_an_artifact_are_shared() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let message = json!({"role": "user", "content": "Draw a clock."});
    let message = ada.post(&format!("/v1/chats/{chat}/messages"), message).await.expect(201).id();
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    for (body, kind, is_live) in [
        (json!({"chat_id": chat}), "chat", true),
        (json!({"chat_id": chat, "message_id": message}), "chat", false),
        (json!({"artifact_id": artifact}), "artifact", true),
        (json!({"artifact_id": artifact, "version": 1}), "artifact", false),
    ] {
        let reply = ada.post("/v1/shares", body.clone()).await.expect(201);
        let share = &reply.json;
        for name in ["chat_id", "message_id", "artifact_id", "version"] {
            assert_eq!(share[name], body[name], "{name} of {share}");
        }
        assert_eq!((share["kind"].as_str(), share["is_live"].as_bool()), (Some(kind), Some(is_live)));
        assert_eq!(
            (&share["has_password"], &share["views_count"], &share["state"]),
            (&json!(false), &json!(0), &json!("active"))
        );
        for name in ["max_views", "expires_at", "last_viewed_at"] {
            assert!(share[name].is_null(), "{name} of {share}");
        }
        let token = share["token"].as_str().expect("a token");
        assert_eq!(share["path"], format!("/v1/shared/{token}"));
        assert!(token.starts_with("share_") && token.len() == 49, "{token}");
    }
}

#[tokio::test]
async fn its_conditions_are_kept_but_no_secret_is() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let body = json!({
        "chat_id": chat, "password": "correct horse", "max_views": 3, "expires_at": "2100-01-01T00:00:00+01:00"
    });
    let reply = ada.post("/v1/shares", body).await.expect(201);
    assert_eq!(reply.json["expires_at"], "2099-12-31T23:00:00Z");
    assert_eq!((&reply.json["max_views"], &reply.json["has_password"]), (&json!(3), &json!(true)));
    assert!(!reply.json.to_string().contains("argon2"));
    let token = reply.json["token"].as_str().expect("a token");
    let kept = "select count(*) from shares
        where id = $1::text::uuid
          and token_hash = sha256(convert_to($2, 'utf8'))
          and password_hash like '$argon2id$%'
          and strpos(shares::text, $2) = 0
          and strpos(shares::text, 'correct horse') = 0";
    assert_eq!(number(kept, &[&reply.id(), &token]).await, 1);
    let listed = ada.get("/v1/shares").await.expect(200);
    assert!(!listed.json.to_string().contains(token));
}

#[tokio::test]
async fn the_same_request_again_gives_the_same_link() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let key = Uuid::new_v4().to_string();
    let headers = [("idempotency-key", key.as_str())];
    let first = ada.post_with("/v1/shares", &headers, json!({"chat_id": chat})).await.expect(201);
    let again = ada.post_with("/v1/shares", &headers, json!({"chat_id": chat})).await.expect(201);
    assert_eq!(first.bytes, again.bytes);
    assert_eq!(ada.walk("/v1/shares").await.len(), 1);
}

#[tokio::test]
async fn what_is_not_ones_own_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let public = ada.create_artifact("public", "draw();\n").await.id();
    let trashed = bob.create_artifact("private", "draw();\n").await.id();
    let _ = bob.delete(&format!("/v1/artifacts/{trashed}")).await.expect(204);
    for body in [
        json!({"chat_id": chat}),
        json!({"chat_id": chat, "message_id": Uuid::now_v7()}),
        json!({"chat_id": Uuid::now_v7()}),
        json!({"artifact_id": public}),
        json!({"artifact_id": public, "version": 1}),
        json!({"artifact_id": public, "version": 7}),
        json!({"artifact_id": trashed}),
        json!({"artifact_id": Uuid::now_v7()}),
    ] {
        let _ = bob.post("/v1/shares", body).await.expect_problem(404, "not_found");
    }
    assert!(bob.walk("/v1/shares").await.is_empty());
}

#[tokio::test]
async fn what_it_shows_must_be_part_of_it() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let other = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let message = json!({"role": "user", "content": "Elsewhere"});
    let message = ada.post(&format!("/v1/chats/{other}/messages"), message).await.expect(201).id();
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    for (body, pointer) in [
        (json!({"chat_id": chat, "message_id": message}), "/message_id"),
        (json!({"chat_id": chat, "message_id": Uuid::now_v7()}), "/message_id"),
        (json!({"artifact_id": artifact, "version": 2}), "/version"),
        (json!({"artifact_id": artifact, "version": 0}), "/version"),
        (json!({"artifact_id": artifact, "version": -1}), "/version"),
    ] {
        let reply = ada.post("/v1/shares", body).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), [pointer]);
    }
    for (body, pointer) in [
        (json!({}), "/chat_id"),
        (json!({"chat_id": chat, "artifact_id": artifact}), "/chat_id"),
        (json!({"chat_id": chat, "version": 1}), "/version"),
        (json!({"artifact_id": artifact, "message_id": message}), "/message_id"),
    ] {
        let reply = ada.post("/v1/shares", body).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
}

#[tokio::test]
async fn a_chat_that_is_just_being_deleted_is_not_there() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let request = ada.post("/v1/shares", json!({"chat_id": chat}));
    let _ = database::removed_meanwhile("chats", &chat, request).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let body = json!({"chat_id": chat});
    ada.expect_strict("POST", "/v1/shares", body.clone()).await;
    let wrong = [
        ("/chat_id", json!("7")),
        ("/message_id", json!(7)),
        ("/version", json!(2_147_483_648_i64)),
        ("/expires_at", json!("2020-01-01T00:00:00Z")),
        ("/expires_at", json!("tomorrow")),
        ("/expires_at", json!("2100-01-01")),
        ("/password", json!("short")),
        ("/password", json!("x".repeat(257))),
        ("/password", json!("nul\0 nul nul")),
        ("/max_views", json!(0)),
        ("/max_views", json!(1_000_001)),
        ("/max_views", json!(1.5)),
        ("/max_views", json!(1e300)),
    ];
    ada.expect_invalid("POST", "/v1/shares", &body, &wrong).await;
    let far = json!({"chat_id": chat, "expires_at": "9999-12-30T22:00:00Z", "max_views": 1_000_000});
    let _ = ada.post("/v1/shares", far).await.expect(201);
}
