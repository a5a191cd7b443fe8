//! GET /v1/admin/retention

use harness::{Person, json};

const PATH: &str = "/v1/admin/retention";

#[tokio::test]
async fn a_superuser_reads_every_policy() {
    let admin = Person::superuser().await;
    let read = admin.get(PATH).await.expect(200);
    let items = read.json["items"].as_array().expect("items");
    let names: Vec<&str> = items.iter().filter_map(|item| item["name"].as_str()).collect();
    for name in ["containers", "files", "messages", "messages_archive", "sessions", "users"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert!(names.is_sorted());
    assert!(items.iter().all(|item| item["keep"].as_str().is_some_and(|keep| keep.starts_with('P'))), "{items:?}");
    let _ = admin.send_with("GET", PATH, &[("if-none-match", &read.etag())], json!({})).await.expect(304);
}

#[tokio::test]
async fn unknown_parameters_are_refused() {
    let admin = Person::superuser().await;
    let reply = admin.get(&format!("{PATH}?name=files")).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/name"]);
}

#[tokio::test]
async fn for_others_there_is_no_such_thing() {
    let _ = Person::register().await.get(PATH).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().get(PATH).await.expect_problem(401, "unauthenticated");
}
