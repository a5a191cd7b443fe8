//! Writes look up what they need by an index, however much there is.

use functions::{artifacts::fork::insert_fork, tools::record::NewToolUses};
use harness::{
    json,
    plans::{expect_index, filled},
};
use uuid::Uuid;

/// Fifty thousand users, each with an artifact and days of tools behind them, and one artifact with 5,000 versions.
const ROWS: &[(&str, &str)] = &[
    (
        "users",
        "insert into users (id, email)
         select md5('user' || number)::uuid, number || '@example.com' from generate_series(1, 50000) number",
    ),
    (
        "artifacts",
        "insert into artifacts (id, owner_user_id, title, visibility, versions_count, current_version_id)
         select
             md5('artifact' || number)::uuid, md5('user' || number)::uuid, 'A clock', 'public',
             case number when 1 then 5000 else 1 end, md5('version' || number || ' ' || case number when 1 then 5000 else 1 end)::uuid
         from generate_series(1, 50000) number",
    ),
    (
        "artifact_versions",
        "insert into artifact_versions (id, artifact_id, version_index, files_count, size, additions, deletions)
         select md5('version' || number || ' ' || index)::uuid, md5('artifact' || number)::uuid, index, 0, 0, 0, 0
         from generate_series(1, 50000) number
         cross join lateral generate_series(1, case number when 1 then 5000 else 1 end) index",
    ),
    (
        "tool_usage",
        "insert into tool_usage (user_id, artifact_id, tool_name, operation, status, duration_ms)
         select md5('user' || number % 50000 + 1)::uuid, md5('artifact' || number % 50000 + 1)::uuid, 'tool ' || number % 50, 'o',
             'success', number % 1000
         from generate_series(1, 300000) number",
    ),
    (
        "tool_usage_days",
        "insert into tool_usage_days (user_id, day, tool_name, duration_class, uses)
         select md5('user' || number % 50000 + 1)::uuid, '2025-01-01'::date + number / 50000, 'tool ' || number % 50, 0, 1
         from generate_series(1, 299999) number",
    ),
    (
        "tool_counts",
        "insert into tool_counts (tool_name, slot, uses)
         select 'tool ' || number, slot, 1 from generate_series(0, 49) number cross join generate_series(0, 15) slot",
    ),
];

#[tokio::test]
async fn of_many_rows_few_are_read_to_write() {
    let (client, planner) = filled(ROWS).await;
    let id = async |label: &str| -> Uuid {
        client.query_one("select md5($1)::uuid", &[&label]).await.expect("an id").get(0)
    };
    let user = id("user7").await;

    for round in 0..3 {
        let mut items = Vec::new();
        for index in 0..500 {
            let artifact = id(&format!("artifact{}", index * 90 + 1)).await;
            items.push(json!({
                "tool_name": format!("tool {}", index % 50), "operation": "o", "status": "success", "duration_ms": index,
                "artifact_id": artifact
            }));
        }
        let uses: NewToolUses = serde_json::from_value(json!({ "items": items })).expect("uses");
        let scans = planner.scans(Some(user), &uses.insert().expect("none is secret")).await;
        // Each looked up once, and by their foreign key once more.
        expect_index(&format!("recording 500 uses, round {round}"), &scans, "artifacts_pkey", 1_000.0);
    }

    // The newest of 5,000 versions, and an old one.
    for version in [json!({}), json!({"version": 17})] {
        let new = serde_json::from_value(version.clone()).expect("a fork");
        let fork = insert_fork(id("artifact1").await, Uuid::now_v7(), Uuid::now_v7(), new);
        // Its version is the next statement's.
        let scans = planner.scans_of_part(Some(user), &fork).await;
        expect_index(&format!("a fork {version}"), &scans, "artifact_versions_version_index_key", 2.0);
    }
}
