//! GET /v1/admin/stats

use harness::{Person, Value, database::behind, json};

const PATH: &str = "/v1/admin/stats";

#[tokio::test]
async fn a_superuser_reads_how_the_service_is_doing() {
    let (admin, ada) = (Person::superuser().await, Person::register().await);
    let before = admin.get(PATH).await.expect(200).json["active_users"].as_i64().expect("a number");
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    for _ in 0..2 {
        let body = json!({"role": "user", "content": "Hello"});
        let _ = ada.post(&format!("/v1/chats/{chat}/messages"), body).await.expect(201);
    }
    let tool_use = json!({"tool_name": "the most used tool", "operation": "o", "status": "success"});
    for _ in 0..20 {
        let _ = ada.post("/v1/tools/usage", json!({"items": vec![tool_use.clone(); 500]})).await.expect(201);
    }
    let stats = admin.get(PATH).await.expect(200).json;
    assert!(stats["active_users"].as_i64() > Some(before));
    assert_eq!(stats["most_used_tools"][0], json!({"tool_name": "the most used tool", "usage_count": 10_000}));
    assert!(stats["database_size"].as_i64() > Some(1_000_000));
    let tables = stats["tables"].as_array().expect("tables");
    assert!(tables.iter().any(|table| table["table_name"] == "messages" && table["size"].as_i64() > Some(0)));
    let sizes: Vec<i64> = tables.iter().filter_map(|table| table["size"].as_i64()).collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
    assert!(stats["max_connections"].as_i64() >= stats["connections"]["total"].as_i64());
    assert!(stats["connections"]["total"].as_i64() > Some(0));
    for field in ["longest_queries", "waiting_locks"] {
        assert!(stats[field].is_array(), "{field}");
    }
    assert!(stats["slow_statements"].is_null() || stats["slow_statements"].is_array());
}

#[tokio::test]
async fn who_waits_for_a_lock_is_told() {
    let admin = Person::superuser().await;
    let mut holder = behind().await;
    // A table of its own: whoever needs another would wait too.
    holder.batch_execute("create table a_locked_table (id integer)").await.expect("a table");
    let transaction = holder.transaction().await.expect("begins");
    transaction.batch_execute("lock table a_locked_table in access exclusive mode").await.expect("locks");
    let waiter = behind().await;
    let wait = "begin; lock table a_locked_table in share mode; rollback";
    let waiting = tokio::spawn(async move { waiter.batch_execute(wait).await });
    let lock = loop {
        let stats = admin.get(PATH).await.expect(200).json;
        let tables = stats["tables"].as_array().expect("tables");
        assert_eq!(
            tables[0],
            json!({"table_name": "a_locked_table", "size": null, "estimated_rows": tables[0]["estimated_rows"]})
        );
        let locks = stats["waiting_locks"].as_array().expect("locks").clone();
        if let Some(lock) =
            locks.into_iter().find(|lock| lock["relation"] == "public.a_locked_table" && lock["mode"] == "ShareLock")
        {
            break lock;
        }
    };
    assert_eq!(lock["lock_type"], "relation");
    assert!(!lock["blocked_by"].as_array().expect("processes").is_empty());
    transaction.rollback().await.expect("releases");
    waiting.await.expect("no panic").expect("it had the lock");
    holder.batch_execute("drop table a_locked_table").await.expect("gone");
}

#[tokio::test]
async fn for_others_there_is_no_such_thing() {
    let ada = Person::register().await;
    let reply = ada.get(PATH).await.expect_problem(404, "not_found");
    assert_eq!(reply.json["errors"], Value::Null);
    let _ = Person::anonymous().get(PATH).await.expect_problem(401, "unauthenticated");
    let admin = Person::superuser().await;
    let reply = admin.get(&format!("{PATH}?days=1")).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/days"]);
}
