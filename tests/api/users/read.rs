//! GET /v1/users/me

use harness::{Person, Reply, database, json};
use uuid::Uuid;

const PATH: &str = "/v1/users/me";

#[tokio::test]
async fn the_caller_sees_their_account_and_nothing_secret() {
    let ada = Person::register().await;
    let read = ada.get(PATH).await.expect(200);
    assert_eq!(read.json, ada.user);
    let mut fields: Vec<&String> = read.json.as_object().expect("an account").keys().collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "created_at",
            "email",
            "family_name",
            "given_name",
            "handle",
            "id",
            "is_active",
            "is_superuser",
            "last_login_at",
            "name",
            "preferences",
            "updated_at"
        ]
    );
    assert_eq!(read.header("content-type"), "application/json");
    assert_eq!(read.header("x-content-type-options"), "nosniff");
    assert_eq!(read.header("cache-control"), "private, no-cache");
}

#[tokio::test]
async fn nobody_is_anybody_else() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    assert_eq!(ada.get(PATH).await.expect(200).json["id"], ada.id());
    assert_eq!(bob.get(PATH).await.expect(200).json["id"], bob.id());
    // No endpoint reads another's account: the gateway says 404 then, and the router of these tests 405.
    let reply = ada.get(&format!("/v1/users/{}", bob.id())).await;
    assert!(matches!(reply.status, 404 | 405), "{}", reply.status);
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    let ada = Person::register().await;
    let etag = ada.get(PATH).await.expect(200).etag();
    for known in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
        let reply = Reply::to(ada.request("GET", PATH).header("if-none-match", &known)).await.expect(304);
        assert!(reply.bytes.is_empty());
        assert_eq!(reply.etag(), etag);
    }
    let _ = Reply::to(ada.request("GET", PATH).header("if-none-match", "\"x\"")).await.expect(200);
    let _ = ada.patch(PATH, &etag, json!({"name": "Ada"})).await.expect(200);
    let changed = Reply::to(ada.request("GET", PATH).header("if-none-match", &etag)).await.expect(200);
    assert_ne!(changed.etag(), etag);
}

#[tokio::test]
async fn only_a_valid_token_opens_it() {
    let ada = Person::register().await;
    let token = ada.token.clone().expect("a token");
    let nobody = Person::anonymous();
    let reply = nobody.get(PATH).await.expect_problem(401, "unauthenticated");
    assert_eq!(reply.header("www-authenticate"), "Bearer");
    for value in [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer nonsense".to_owned(),
        format!("Basic {token}"),
        format!("Bearer {token}x"),
        format!("Bearer {}", token.to_uppercase()),
        token.clone(),
        format!("Bearer {}", "x".repeat(10_000)),
        "Bearer \u{e4}\u{1f511}".to_owned(),
    ] {
        let request = nobody.request("GET", PATH).header("authorization", value.as_bytes());
        let _ = Reply::to(request).await.expect_problem(401, "unauthenticated");
    }
    // The scheme's case means nothing, RFC 9110.
    let _ = Reply::to(nobody.request("GET", PATH).header("authorization", format!("bearer {token}"))).await.expect(200);
}

#[tokio::test]
async fn a_deactivated_account_is_shut_at_once() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let id: Uuid = ada.id().parse().expect("a UUID");
    let behind = database::behind().await;
    behind.execute("update users set is_active = false where id = $1", &[&id]).await.expect("it can be set");
    let _ = ada.get(PATH).await.expect_problem(401, "unauthenticated");
    let _ = bob.get(PATH).await.expect(200);
    behind.execute("update users set is_active = true where id = $1", &[&id]).await.expect("it can be set");
    let _ = ada.get(PATH).await.expect(200);
}

#[tokio::test]
async fn unknown_parameters_are_refused() {
    let ada = Person::register().await;
    let reply = ada.get(&format!("{PATH}?fields=id")).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/fields"]);
}
