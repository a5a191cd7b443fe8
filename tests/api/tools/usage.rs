//! GET /v1/tools/usage

use harness::{
    Person, Value,
    database::{behind, connect, functions_url},
    json,
};

const PATH: &str = "/v1/tools/usage";

fn operations(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["operation"].as_str().expect("an operation")).collect()
}

#[tokio::test]
async fn filters_find_what_they_say() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    for (index, (tool, status)) in
        [("image", "success"), ("code", "failure"), ("image", "failure"), ("code", "success")].into_iter().enumerate()
    {
        let body = json!({"tool_name": tool, "operation": index.to_string(), "status": status});
        let _ = ada.post(PATH, body.clone()).await.expect(201);
        let _ = bob.post(PATH, body).await.expect(201);
    }
    for (query, expected) in [
        ("", &["3", "2", "1", "0"][..]),
        ("tool_name=image", &["2", "0"]),
        ("status=success", &["3", "0"]),
        ("tool_name=code&status=failure", &["1"]),
        ("tool_name=Code", &[]),
        ("status=error", &[]),
    ] {
        for limit in [1, 100] {
            assert_eq!(operations(&ada.walk(&format!("{PATH}?limit={limit}&{query}")).await), expected, "{query}");
        }
    }
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let ada = Person::register().await;
    let _ = Person::anonymous().get(PATH).await.expect_problem(401, "unauthenticated");
    for (query, pointer) in [
        ("tool_name=", "/query/tool_name"),
        ("status=", "/query/status"),
        ("limit=0", "/query/limit"),
        ("cursor=7", "/query/cursor"),
        ("days=7", "/query/days"),
    ] {
        let reply = ada.get(&format!("{PATH}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
}

/// Among many uses of many users, a page is found by an index, with the filter by tool and without it.
#[tokio::test]
async fn a_page_is_found_by_an_index() {
    let ada = Person::register().await;
    let id = ada.id().to_owned();
    let behind = behind().await;
    for (id, count) in [(&id, 3000), (&Person::register().await.id().to_owned(), 3000)] {
        let fill = "insert into tool_usage (user_id, tool_name, operation, status)
             select $1::text::uuid, 'tool ' || number % 50, 'o', 'success' from generate_series(1, $2::integer) as number";
        behind.execute(fill, &[id, &count]).await.expect("rows");
    }
    behind.batch_execute("analyze tool_usage").await.expect("analyzes");
    let client = connect(&functions_url()).await;
    for (filter, index) in
        [(json!({}), "tool_usage_user_id_idx"), (json!({"tool_name": "tool 7"}), "tool_usage_user_id_tool_name_idx")]
    {
        let filter: functions::tools::usage::Filter = serde_json::from_value(filter).expect("a filter");
        let statement = filter.select();
        let plan = harness::database::generic_plan(
            &client,
            &id,
            statement.text(),
            "text, text, timestamptz, uuid, bigint",
            "null, 'tool 7', null, null, 51",
        )
        .await;
        assert!(plan.contains(index), "{plan}");
        assert!(!plan.contains("Sort") && !plan.contains("Seq Scan"), "{plan}");
    }
}
