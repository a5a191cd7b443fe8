//! GET /v1/tools/stats

use harness::{Person, Value, database::behind, json};

const PATH: &str = "/v1/tools/stats";

#[tokio::test]
async fn tools_are_told_by_day_most_used_first() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let empty = ada.get(PATH).await.expect(200);
    assert_eq!(empty.json, json!({"days": 30, "tools": []}));
    let of = |tool: &str, count: i64| -> Vec<Value> {
        let status = |duration| if duration % 10 == 0 { "failure" } else { "success" };
        (1..=count)
            .map(|n| json!({"tool_name": tool, "operation": "o", "status": status(n), "duration_ms": n * 10}))
            .collect()
    };
    let unmeasured = json!({"tool_name": "unmeasured", "operation": "o", "status": "success"});
    for items in [of("code", 100), of("image", 200), vec![unmeasured.clone()]] {
        let _ = ada.post("/v1/tools/usage", json!({ "items": items })).await.expect(201);
    }
    let _ = bob.post("/v1/tools/usage", unmeasured).await.expect(201);
    let stats = ada.get(PATH).await.expect(200);
    let tools = stats.json["tools"].as_array().expect("tools");
    let told: Vec<[&Value; 3]> =
        tools.iter().map(|tool| [&tool["tool_name"], &tool["uses"], &tool["failures"]]).collect();
    assert_eq!(json!(told), json!([["image", 200, 20], ["code", 100, 10], ["unmeasured", 1, 0]]));
    for (tool, p50, p95) in [(&tools[0], 1000.0, 1900.0), (&tools[1], 500.0, 950.0)] {
        for figures in [tool, &tool["days"][0]] {
            for (field, exact) in [("p50_duration_ms", p50), ("p95_duration_ms", p95)] {
                let told = figures[field].as_f64().expect("a number");
                assert!((told - exact).abs() <= exact * 0.05 + 0.5, "{field}: {told} is not {exact}");
            }
        }
        assert_eq!(tool["days"].as_array().map(Vec::len), Some(1));
        assert_eq!(tool["days"][0]["uses"], tool["uses"]);
    }
    assert_eq!((&tools[2]["p50_duration_ms"], &tools[2]["p95_duration_ms"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn days_begin_and_end_in_utc() {
    let ada = Person::register().await;
    let fill = "insert into tool_usage (user_id, tool_name, operation, status, duration_ms, created_at)
        select $1::text::uuid, 'image', 'o', 'success', 7,
            date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' - make_interval(days => number) + interval '1 hour'
        from generate_series(0, 40) as number";
    let _ = behind().await.execute(fill, &[&ada.id()]).await.expect("rows");
    for days in [1, 7, 30, 41] {
        let stats = ada.get(&format!("{PATH}?days={days}")).await.expect(200);
        let tool = &stats.json["tools"][0];
        assert_eq!((&stats.json["days"], &tool["uses"]), (&json!(days), &json!(days)));
        let told = tool["days"].as_array().expect("days");
        assert_eq!(told.len(), days);
        let dates: Vec<&str> = told.iter().filter_map(|day| day["day"].as_str()).collect();
        assert!(dates.is_sorted_by(|a, b| a > b), "{dates:?}");
        assert!(told.iter().all(|day| day["p50_duration_ms"] == 7 && day["p95_duration_ms"] == 7));
    }
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let ada = Person::register().await;
    let _ = Person::anonymous().get(PATH).await.expect_problem(401, "unauthenticated");
    for days in ["0", "366", "-1", "x", "1.5", ""] {
        let reply = ada.get(&format!("{PATH}?days={days}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), ["/query/days"]);
    }
}
