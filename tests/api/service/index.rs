//! GET /

use harness::{Person, Value, json};

#[tokio::test]
async fn it_says_what_this_is_and_its_links_lead_somewhere() {
    let nobody = Person::anonymous();
    let index = nobody.get("/").await.expect(200);
    assert_eq!(
        (&index.json["name"], &index.json["version"]),
        (&Value::from("Atelier"), &env!("CARGO_PKG_VERSION").into())
    );
    for link in ["openapi", "health", "gallery"] {
        let _ = nobody.get(index.json["links"][link].as_str().expect("a path")).await.expect(200);
    }
    for link in ["register", "sign_in"] {
        let path = index.json["links"][link].as_str().expect("a path");
        let _ = nobody.send_text("POST", path, "{}").await.expect_problem(422, "invalid");
    }
    let _ = nobody.send_with("GET", "/", &[("if-none-match", &index.etag())], json!({})).await.expect(304);
    let reply = nobody.get("/?a=b").await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/a"]);
}
