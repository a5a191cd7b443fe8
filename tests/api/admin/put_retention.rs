//! PUT /v1/admin/retention

use harness::{
    Person, Reply, Value,
    database::{config, connect, create_migrated, url},
    json,
    server::Server,
    together,
};
use shared::database::Database;

const PATH: &str = "/v1/admin/retention";

/// A service of its own: its policies are everyone's.
async fn service() -> (String, Person) {
    let (_, functions) = create_migrated().await;
    let server = Server::with(Database::new(&config(functions.clone())).expect("a pool"), functions::endpoints());
    let admin = Person::register_at(&server.url).await;
    let name = functions.rsplit('/').next().expect("a database").to_owned();
    let promote = "update users set is_superuser = true";
    assert_eq!(connect(&url(None, &name)).await.execute(promote, &[]).await.expect("it can be changed"), 1);
    (server.url, admin)
}

async fn put(admin: &Person, if_match: &str, items: &Value) -> Reply {
    admin.send_with("PUT", PATH, &[("if-match", if_match)], json!({ "items": items })).await
}

#[tokio::test]
async fn policies_are_changed_together() {
    let (url, admin) = service().await;
    let before = admin.get(PATH).await.expect(200);
    let same = put(&admin, &before.etag(), &before.json["items"]).await.expect(200);
    assert_eq!((same.etag(), &same.json), (before.etag(), &before.json), "nothing has changed");
    let mut items = before.json["items"].clone();
    items[0]["is_enabled"] = json!(true);
    items[0]["keep"] = json!("P2Y6M");
    items[1]["keep"] = json!("P7W");
    items[1]["action"] = json!("archive");
    let changed = put(&admin, &before.etag(), &items).await.expect(200);
    items[1]["keep"] = json!("P49D");
    assert_eq!(changed.json["items"], items);
    let read = admin.get(PATH).await.expect(200);
    assert_eq!((&read.json, read.etag()), (&changed.json, changed.etag()));

    let _ = put(&admin, &before.etag(), &items).await.expect_problem(412, "stale");
    let reply = admin.put(PATH, json!({ "items": items })).await;
    let _ = reply.expect_problem(428, "precondition_required");
    let _ = put(&admin, "*", &items).await.expect(200);

    let ada = Person::register_at(&url).await;
    for if_match in ["*", "\"0\"", &read.etag()] {
        let _ = put(&ada, if_match, &items).await.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn of_many_changes_of_one_state_one_is_made() {
    let (_, admin) = service().await;
    let before = admin.get(PATH).await.expect(200);
    let replies = together((1..=10).map(|days| {
        let (admin, etag, mut items) = (admin.clone(), before.etag(), before.json["items"].clone());
        items[days % 6]["keep"] = json!(format!("P{days}D"));
        async move { put(&admin, &etag, &items).await.status }
    }))
    .await;
    assert_eq!(replies.iter().filter(|status| **status == 200).count(), 1, "{replies:?}");
    assert_eq!(replies.iter().filter(|status| **status == 412).count(), 9, "{replies:?}");
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let (_, admin) = service().await;
    let before = admin.get(PATH).await.expect(200);
    let items = &before.json["items"];
    admin.expect_strict_form("PUT", PATH, json!({ "items": items })).await;
    let wrong = [
        ("/items", Value::Null),
        ("/items", json!([items[0], items[0]])),
        ("/items", json!([])),
        ("/items", json!([items[0]])),
        ("/items/1/name", json!("nothing")),
        ("/items/1/name", json!("")),
        ("/items/2/action", json!("forget")),
        ("/items/2/keep", json!("6 mons")),
        ("/items/2/keep", json!("P0D")),
        ("/items/2/keep", json!("P101Y")),
        ("/items/2/is_enabled", json!(1)),
        ("/items/2/revision", json!(1)),
    ];
    admin.expect_invalid("PUT", PATH, &json!({ "items": items }), &wrong).await;
    assert_eq!(admin.get(PATH).await.expect(200).etag(), before.etag());
}
