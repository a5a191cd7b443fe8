//! GET /v1/users

use harness::{Person, json};

#[tokio::test]
async fn a_superuser_finds_accounts() {
    let (admin, ada) = (Person::superuser().await, Person::register().await);
    let email = ada.user["email"].as_str().expect("an address");
    for q in [email, &email.to_uppercase(), &email[4..20], ada.handle()] {
        let found = admin.walk(&format!("/v1/users?q={q}")).await;
        assert_eq!(found, [ada.get("/v1/users/me").await.expect(200).json], "{q}");
    }
    for q in ["nobody%25has", "'%20or%20true", "%5C%5C%5C", "_%25_"] {
        assert!(admin.walk(&format!("/v1/users?q={q}")).await.is_empty(), "{q}");
    }
    let page = admin.get("/v1/users?limit=2").await.expect(200);
    assert_eq!(page.json["items"].as_array().map(Vec::len), Some(2));
    let cursor = page.json["next_cursor"].as_str().expect("there are more");
    let next = admin.get(&format!("/v1/users?limit=2&cursor={cursor}")).await.expect(200);
    assert!(next.json["items"][0]["created_at"].as_str() <= page.json["items"][1]["created_at"].as_str());
    assert!(!page.bytes.windows(13).any(|window| window == b"password_hash"));
}

#[tokio::test]
async fn for_others_there_is_no_such_list() {
    let ada = Person::register().await;
    let _ = ada.get("/v1/users").await.expect_problem(404, "not_found");
    let _ = ada.get(&format!("/v1/users?q={}", ada.handle())).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().get("/v1/users").await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let admin = Person::superuser().await;
    for (query, pointer) in [("q=", "/query/q"), ("limit=0", "/query/limit"), ("name=a", "/query/name")] {
        let reply = admin.get(&format!("/v1/users?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
    let long = format!("/v1/users?q={}", "x".repeat(201));
    let _ = admin.send_with("GET", &long, &[], json!({})).await.expect_problem(422, "invalid");
}
