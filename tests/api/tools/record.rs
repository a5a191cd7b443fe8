//! POST /v1/tools/usage

use harness::{Person, Value, database::number, json, together};
use uuid::Uuid;

const PATH: &str = "/v1/tools/usage";

fn tool_use() -> Value {
    json!({"tool_name": "image", "operation": "resize", "status": "success"})
}

#[tokio::test]
async fn one_use_is_recorded() {
    let ada = Person::register().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let body = json!({
        "tool_name": "image \u{1f552}", "operation": "resize", "status": "failure", "duration_ms": 420,
        "parameters": {"width": 640, "max_tokens": 1000, "nested": [{"a": 1e300}, null]}, "artifact_id": artifact
    });
    let recorded = ada.post(PATH, body.clone()).await.expect(201);
    for (field, value) in body.as_object().expect("an object") {
        assert_eq!(&recorded.json[field], value, "{field}");
    }
    assert_eq!(recorded.json["user_id"], json!(ada.id()));
    let plain = ada.post(PATH, tool_use()).await.expect(201);
    assert_eq!((&plain.json["duration_ms"], &plain.json["artifact_id"]), (&Value::Null, &Value::Null));
    assert_eq!(plain.json["parameters"], json!({}));
    assert_eq!(ada.walk(PATH).await, [plain.json, recorded.json]);
}

#[tokio::test]
async fn five_hundred_are_recorded_in_their_order() {
    let ada = Person::register().await;
    let items: Vec<Value> = (0..500)
        .map(|index| {
            let mut item = tool_use();
            item["operation"] = json!(index.to_string());
            item["parameters"] = json!({"index": index});
            item
        })
        .collect();
    let recorded = ada.post(PATH, json!({ "items": items })).await.expect(201);
    let recorded = recorded.json["items"].as_array().expect("items");
    assert_eq!(recorded.len(), 500);
    for (index, item) in recorded.iter().enumerate() {
        assert_eq!(item["operation"], json!(index.to_string()));
        assert!(item.get("parameters").is_none());
    }
    let mut listed = ada.walk(&format!("{PATH}?limit=100")).await;
    listed.reverse();
    let ids = |items: &[Value]| items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&listed), ids(recorded));
    assert_eq!(listed[499]["parameters"], json!({"index": 499}));
}

#[tokio::test]
async fn a_retry_with_its_key_records_nothing_twice() {
    let ada = Person::register().await;
    let body = json!({"items": [tool_use(), tool_use()]});
    let key = [("idempotency-key", "batch-7")];
    let first = ada.post_with(PATH, &key, body.clone()).await.expect(201);
    let again = ada.post_with(PATH, &key, body).await.expect(201);
    assert_eq!(first.bytes, again.bytes);
    assert_eq!(ada.walk(PATH).await.len(), 2);
    assert_eq!(ada.get("/v1/users/me/stats").await.expect(200).json["tool_uses_count"], 2);
}

#[tokio::test]
async fn the_days_count_what_the_rows_do_in_any_storm() {
    let ada = Person::register().await;
    let replies = together((0..60).map(|index: i64| {
        let ada = ada.clone();
        async move {
            let items: Vec<Value> = (0..7)
                .map(|n| {
                    let tool = format!("tool {}", (index + n) % 3);
                    let status = if (index + n) % 4 == 0 { "failure" } else { "success" };
                    json!({"tool_name": tool, "operation": "o", "status": status, "duration_ms": index * n})
                })
                .collect();
            ada.post(PATH, json!({ "items": items })).await.status
        }
    }))
    .await;
    assert!(replies.iter().all(|status| *status == 201), "{replies:?}");
    let behind = harness::database::behind().await;
    let id = [ada.id()];
    for change in [
        "update tool_usage set status = 'failure', tool_name = 'tool 2', duration_ms = null, created_at = now() - interval '3 days'
         where user_id = $1::text::uuid and duration_ms between 30 and 50",
        "delete from tool_usage where user_id = $1::text::uuid and duration_ms > 200",
    ] {
        assert!(behind.execute(change, &[&id[0]]).await.expect("it can be changed") > 0);
    }
    let differing = "
        with raw as (
            select (created_at at time zone 'UTC')::date as day, tool_name, duration_class(duration_ms) as duration_class,
                count(*) as uses, count(*) filter (where status <> 'success') as failures
            from tool_usage
            where user_id = $1::text::uuid
            group by 1, 2, 3
        ),
        days as (
            select day, tool_name, duration_class, uses, failures
            from tool_usage_days
            where user_id = $1::text::uuid and (uses <> 0 or failures <> 0)
        )
        select (select count(*) from (select * from raw except select * from days))
            + (select count(*) from (select * from days except select * from raw))";
    assert_eq!(number(differing, &[&ada.id()]).await, 0);
}

#[tokio::test]
async fn secrets_are_refused_by_their_keys() {
    let ada = Person::register().await;
    for (parameters, pointer) in [
        (json!({"password": "x"}), "/parameters/password"),
        (json!({"a": {"b": [{}, {"API-Key": 1}]}}), "/parameters/a/b/1/API-Key"),
        (json!({"headers": {"Authorization": "Bearer x"}}), "/parameters/headers/Authorization"),
        (json!({"x/y": {"Set-Cookie": null}}), "/parameters/x~1y/Set-Cookie"),
        (json!({"accessToken": {"anything": 1}}), "/parameters/accessToken"),
        (json!({"client_secret": ""}), "/parameters/client_secret"),
        (json!({"PRIVATE_KEY": ""}), "/parameters/PRIVATE_KEY"),
        (json!({"credentials": []}), "/parameters/credentials"),
    ] {
        let mut body = tool_use();
        body["parameters"] = parameters;
        let reply = ada.post(PATH, body.clone()).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
        let reply = ada.post(PATH, json!({"items": [tool_use(), body]})).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [format!("/items/1{pointer}")]);
    }
    assert!(ada.walk(PATH).await.is_empty());
}

#[tokio::test]
async fn artifacts_must_be_seen() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let (public, private) =
        (ada.create_artifact("public", "a").await.id(), ada.create_artifact("private", "a").await.id());
    let with = |artifact: &str| {
        let mut body = tool_use();
        body["artifact_id"] = json!(artifact);
        body
    };
    let _ = bob.post(PATH, with(&public)).await.expect(201);
    for hidden in [private, Uuid::now_v7().to_string()] {
        let reply = bob.post(PATH, with(&hidden)).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), ["/artifact_id"]);
        let items = json!({"items": [tool_use(), with(&public), with(&hidden)]});
        let reply = bob.post(PATH, items).await.expect_problem(422, "invalid_reference");
        assert_eq!(reply.pointers(), ["/items/2/artifact_id"]);
    }
    assert_eq!(bob.walk(PATH).await.len(), 1);
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    ada.expect_strict("POST", PATH, tool_use()).await;
    let wrong = [
        ("/tool_name", json!("")),
        ("/tool_name", json!("x".repeat(101))),
        ("/tool_name", json!("a\u{0}")),
        ("/tool_name", Value::Null),
        ("/operation", json!(" ")),
        ("/operation", Value::Null),
        ("/status", json!("ok")),
        ("/status", Value::Null),
        ("/duration_ms", json!(-1)),
        ("/duration_ms", json!(2_147_483_648_i64)),
        ("/duration_ms", json!(1.5)),
        ("/parameters", json!([])),
        ("/parameters", json!({"a": "\u{0}"})),
        ("/parameters", json!({"a": "x".repeat(16 * 1024)})),
        ("/artifact_id", json!("a")),
        ("/user_id", json!(ada.id())),
        ("/created_at", json!("2020-01-01T00:00:00Z")),
        ("/items", json!([])),
        ("/items", json!([tool_use()])),
        ("/items", json!(vec![tool_use(); 501])),
    ];
    ada.expect_invalid("POST", PATH, &tool_use(), &wrong).await;
    let batch = json!({"items": [tool_use(), tool_use()]});
    let wrong = [
        ("/items/1/tool_name", json!("")),
        ("/items/0/status", Value::Null),
        ("/items/1/duration_ms", json!(-1)),
        ("/items/1/no_such_field", json!(1)),
    ];
    ada.expect_invalid("POST", PATH, &batch, &wrong).await;
    let reply = ada.post(PATH, json!({})).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/tool_name"]);
    assert!(ada.walk(PATH).await.is_empty());
}
