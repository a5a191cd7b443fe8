//! Lists of what tools were used, however many uses someone has.

use functions::tools::usage::Filter;
use harness::{
    json,
    plans::{expect_index, filled},
};
use jiff::Timestamp;
use shared::page::Cursor;
use uuid::Uuid;

/// A user with 200,000 uses of tools, of which the ten oldest failed, and 20,000 others with a few.
const ROWS: &[(&str, &str)] = &[
    (
        "users",
        "insert into users (id, email)
         select md5('user' || number)::uuid, number || '@example.com' from generate_series(1, 20000) number",
    ),
    (
        "tool_usage",
        "insert into tool_usage (user_id, tool_name, operation, status, created_at)
         select
             md5('user' || case when number <= 200000 then 1 else number % 20000 + 1 end)::uuid, 'tool ' || number % 50, 'o', case when number <= 10 then 'failure' else 'success' end,
             '2025-01-01'::timestamptz + number * interval '1 second'
         from generate_series(1, 300000) number",
    ),
];

#[tokio::test]
async fn a_page_of_uses_reads_no_more_than_a_page() {
    let (client, planner) = filled(ROWS).await;
    let user: Uuid = client.query_one("select md5('user1')::uuid", &[]).await.expect("an id").get(0);
    let created_at: Timestamp = "2025-01-02T00:00:00Z".parse().expect("a time");
    for cursor in [None, Some(Cursor { created_at, id: user })] {
        for (mut filter, index) in [
            (json!({}), "tool_usage_user_id_idx"),
            (json!({"tool_name": "tool 7"}), "tool_usage_user_id_tool_name_idx"),
            (json!({"status": "failure"}), "tool_usage_user_id_status_idx"),
        ] {
            filter["cursor"] = json!(cursor);
            let select = serde_json::from_value::<Filter>(filter.clone()).expect("a filter").select();
            let scans = planner.scans(Some(user), &select).await;
            expect_index(&format!("uses {filter}"), &scans, index, 60.0);
        }
    }
}
