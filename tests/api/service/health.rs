//! GET /v1/health

use harness::{Person, json};

#[tokio::test]
async fn it_is_well() {
    let reply = Person::anonymous().get("/v1/health").await.expect(200);
    assert_eq!(reply.json, json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}));
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn a_token_is_not_looked_at() {
    let mut impostor = Person::anonymous();
    impostor.token = Some("wrong".to_owned());
    let _ = impostor.get("/v1/health").await.expect(200);
    let reply = impostor.get("/v1/health?deep=1").await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/deep"]);
}
