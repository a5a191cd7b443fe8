//! GET /v1/openapi.json

use std::fs;

use harness::{Person, Value, json, projections::root};

#[tokio::test]
async fn it_is_the_committed_document() {
    let nobody = Person::anonymous();
    let reply = nobody.get("/v1/openapi.json").await.expect(200);
    assert_eq!(reply.header("content-type"), "application/json");
    let committed = fs::read_to_string(root().join("functions/openapi.json")).expect("it is there");
    assert_eq!(reply.json, committed.parse::<Value>().expect("it is JSON"));
    assert!(reply.json["openapi"].as_str().expect("a version").starts_with("3.1."));
    let known = [("if-none-match", reply.etag())];
    let known: Vec<(&str, &str)> = known.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let _ = nobody.send_with("GET", "/v1/openapi.json", &known, json!({})).await.expect(304);
    let reply = nobody.get("/v1/openapi.json?pretty=1").await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/pretty"]);
}
