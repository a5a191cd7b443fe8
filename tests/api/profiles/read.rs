//! GET /v1/profiles/{handle}

use harness::{Person, Reply, Value, json, pictures};

fn path(person: &Person) -> String {
    format!("/v1/profiles/{}", person.handle())
}

async fn introduce(person: &Person) {
    let body = json!({
        "handle": person.handle(), "display_name": "Ada", "bio": "I make clocks.", "age": 36, "gender": "female",
        "city": "London", "country": "England"
    });
    let _ = person.send_with("PUT", "/v1/profiles/me", &[("if-match", "*")], body).await.expect(200);
}

#[tokio::test]
async fn what_is_private_is_shown_to_its_owner_alone() {
    let (ada, bob, nobody) = (Person::register().await, Person::register().await, Person::anonymous());
    introduce(&ada).await;
    let own = ada.get(&path(&ada)).await.expect(200);
    assert_eq!((&own.json["age"], &own.json["gender"]), (&json!(36), &json!("female")));
    assert_eq!((&own.json["city"], &own.json["country"]), (&json!("London"), &json!("England")));
    for other in [&bob, &nobody] {
        let seen = other.get(&path(&ada)).await.expect(200);
        for field in ["user_id", "handle", "display_name", "bio", "avatar", "created_at", "updated_at"] {
            assert_eq!(seen.json[field], own.json[field], "{field}");
        }
        for field in ["age", "gender", "city", "country"] {
            assert_eq!(seen.json[field], Value::Null, "{field}");
        }
        assert!(!String::from_utf8_lossy(&seen.bytes).contains("@example.com"));
        assert_ne!(seen.etag(), own.etag());
    }
}

#[tokio::test]
async fn a_handle_is_found_in_any_case() {
    let ada = Person::register().await;
    let shouted = format!("/v1/profiles/{}", ada.handle().to_uppercase());
    assert_eq!(Person::anonymous().get(&shouted).await.expect(200).json["user_id"], ada.id());
    let encoded: String = ada.handle().bytes().map(|byte| format!("%{byte:02x}")).collect();
    let encoded = ada.get(&format!("/v1/profiles/{encoded}")).await.expect(200);
    assert_eq!(encoded.json["user_id"], ada.id());
}

#[tokio::test]
async fn the_picture_is_shown_to_all() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let picture = pictures::png(16, 16);
    let upload = ada.upload("avatar", "image/png", &picture).await;
    let _ = ada.put("/v1/profiles/me/avatar", json!({"upload": upload.id()})).await.expect(200);
    for person in [&ada, &bob, &Person::anonymous()] {
        let seen = person.get(&path(&ada)).await.expect(200);
        assert_eq!(person.fetch(&seen.json["avatar"]["url"]).await.expect(200).bytes, picture);
    }
}

#[tokio::test]
async fn nobody_of_that_name_is_not_found() {
    let ada = Person::register().await;
    for handle in ["nobody-has-this", "admin", "%F0%9F%92%A3", "%E2%80%AE", "a%27%3B--", "a%25", "ad_"] {
        let reply = ada.get(&format!("/v1/profiles/{handle}")).await;
        let _ = reply.expect_problem(404, "not_found");
    }
    for malformed in ["%00", "a%00", "%20", &"x".repeat(65), &"x".repeat(5_000)] {
        let reply = ada.get(&format!("/v1/profiles/{malformed}")).await.expect_problem(400, "malformed");
        assert_eq!(reply.pointers(), ["/path/handle"], "{malformed}");
    }
}

#[tokio::test]
async fn a_wrong_token_is_not_taken_for_none() {
    let ada = Person::register().await;
    let mut stale = Person::anonymous();
    stale.token = Some("atelier_of-yesterday".to_owned());
    let _ = stale.get(&path(&ada)).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let etag = bob.get(&path(&ada)).await.expect(200).etag();
    let known = || bob.request("GET", &path(&ada)).header("if-none-match", &etag);
    let reply = Reply::to(known()).await.expect(304);
    assert!(reply.bytes.is_empty());
    introduce(&ada).await;
    let _ = Reply::to(known()).await.expect(200);
}

#[tokio::test]
async fn unknown_parameters_are_refused() {
    let ada = Person::register().await;
    let reply = ada.get(&format!("{}?as=owner", path(&ada))).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/as"]);
}
