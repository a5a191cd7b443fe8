//! How PostgreSQL finds messages among many: by index, whoever else has how many.

use functions::messages::list::Filter;
use harness::{Value, database, json};
use jiff::Timestamp;
use shared::page::Cursor;
use tokio_postgres::Client;
use uuid::Uuid;

/// 400 users with 50 chats of 5 messages each, and one of them, the first, with 100,000 in another.
const MANY: &str = "
    alter table messages disable trigger user;
    insert into users (id, email)
    select md5('user' || number)::uuid, number || '@example.com' from generate_series(1, 400) number;
    insert into chats (id, user_id)
    select md5('chat' || number)::uuid, md5('user' || (number - 1) % 400 + 1)::uuid from generate_series(1, 20000) number;
    insert into chats (id, user_id) values (md5('large')::uuid, md5('user1')::uuid);
    insert into messages (chat_id, user_id, role, content, created_at)
    select
        md5('chat' || number % 20000 + 1)::uuid, md5('user' || number % 400 + 1)::uuid, 'user',
        'the clock number' || number % 997 || ' of user' || number % 400 + 1, now() - number * interval '1 second'
    from generate_series(1, 100000) number;
    insert into messages (chat_id, user_id, role, content, created_at, parent_id, id)
    select
        md5('large')::uuid, md5('user1')::uuid, 'user', 'a large chat', now() - number * interval '1 second',
        case when number < 100000 then md5('large' || number + 1)::uuid end, md5('large' || number)::uuid
    from generate_series(1, 100000) number;
    analyze users, chats, messages, message_attachments, message_artifacts, blobs;
";

/// A statement's plan, with what really happened, as it is made for a login that plans once for all values.
async fn explain(client: &Client, user: &str, role: &str, types: &str, statement: &str, values: &str) -> Value {
    client
        .batch_execute(&format!(
            "begin;
             set local plan_cache_mode = force_generic_plan;
             set local role {role};
             select set_config('app.user_id', md5('{user}')::uuid::text, true);
             prepare statement ({types}) as {statement}"
        ))
        .await
        .expect("it can be prepared");
    let explained = client.query_one(&format!("explain (analyze, format json) execute statement({values})"), &[]).await;
    client.batch_execute("deallocate statement; rollback").await.expect("it can be undone");
    explained.expect("a plan").get::<_, Value>(0)[0]["Plan"].clone()
}

/// Every step of a plan.
fn steps(plan: &Value) -> Vec<&Value> {
    let children = plan["Plans"].as_array().map(Vec::as_slice).unwrap_or_default();
    std::iter::once(plan).chain(children.iter().flat_map(steps)).collect()
}

/// A plan, a line a step.
fn sketch(plan: &Value) -> String {
    let names = ["Node Type", "Relation Name", "Index Name", "Index Cond", "Actual Rows", "Actual Loops"];
    let line = |step: &&Value| names.iter().map(|name| format!("{} ", step[name])).collect::<String>();
    steps(plan).iter().map(|step| line(step).replace("null ", "") + "\n").collect()
}

/// Makes sure that a plan reads messages by an index of this name and never from end to end, and handles no more rows in a step.
#[track_caller]
fn assert_plan(plan: &Value, index: &str, most_rows: f64) {
    let steps = steps(plan);
    let scanned: Vec<&Value> = steps.iter().filter(|step| step["Node Type"] == "Seq Scan").copied().collect();
    assert!(scanned.iter().all(|step| step["Relation Name"] != "messages"), "{}", sketch(plan));
    assert!(
        steps.iter().any(|step| step["Index Name"].as_str().is_some_and(|name| name.starts_with(index))),
        "{}",
        sketch(plan)
    );
    let number = |step: &Value, name: &str| step[name].as_f64().unwrap_or(0.0);
    let handled = |step: &&Value| {
        (number(step, "Actual Rows")
            + number(step, "Rows Removed by Filter")
            + number(step, "Rows Removed by Index Recheck"))
            * number(step, "Actual Loops")
    };
    let most = steps.iter().map(handled).fold(0.0, f64::max);
    assert!(most <= most_rows, "a step handles {most} rows:\n{}", sketch(plan));
}

/// The query inside of `search_messages()`, with its arguments and the two searches it makes of them as parameters.
async fn search_query(client: &Client) -> String {
    let row = client.query_one("select prosrc from pg_proc where proname = 'search_messages'", &[]).await;
    let source: String = row.expect("the function").get(0);
    let query = source.split_once("return query").expect("its query").1;
    let query = query.rsplit_once("end;").expect("its end").0.trim().trim_end_matches(';').to_owned();
    let names = [
        "search_messages.in_chat",
        "search_messages.of_role",
        "search_messages.since",
        "search_messages.until",
        "search_messages.after_rank",
        "search_messages.after_id",
        "search_messages.page_size",
    ];
    let query =
        names.iter().enumerate().fold(query, |query, (index, name)| query.replace(name, &format!("${}", index + 1)));
    query.replace("@@ indexed", "@@ $8").replace("@@ exact", "@@ $9").replace(", exact,", ", $9,")
}

const SEARCH_TYPES: &str = "uuid, text, timestamptz, timestamptz, real, uuid, bigint, tsquery, tsquery";

fn list(query: Value) -> String {
    let filter: Filter = serde_json::from_value(query).expect("a query");
    filter.select(Uuid::nil()).text().to_owned()
}

#[tokio::test]
async fn messages_are_found_by_index_among_200_000() {
    let client = database::behind().await;
    client.batch_execute(MANY).await.expect("they can be made");

    let cursor = Cursor { created_at: Timestamp::now(), id: Uuid::nil() };
    let types = "uuid, timestamptz, uuid, bigint";
    for (query, values) in [
        (json!({}), "null, null"),
        (json!({"cursor": cursor}), "now() - interval '50000 seconds', uuid_v7()"),
        (json!({"from": "oldest"}), "null, null"),
    ] {
        let values = format!("md5('large')::uuid, {values}, 51");
        let plan = explain(&client, "user1", "atelier_api", types, &list(query), &values).await;
        assert_eq!(plan["Actual Rows"].as_f64(), Some(51.0));
        assert_plan(&plan, "messages_chat_id_idx", 51.0);
    }
    let branch = list(json!({"leaf": Uuid::nil()}));
    let values = "md5('large')::uuid, md5('large5')::uuid, 51";
    let plan = explain(&client, "user1", "atelier_api", "uuid, uuid, bigint", &branch, values).await;
    assert_eq!(plan["Actual Rows"].as_f64(), Some(51.0));
    assert_plan(&plan, "messages_", 51.0);

    let search = search_query(&client).await;
    for (user, words, found) in [
        ("user7", "'clock'", 51.0),
        ("user7", "'clock' & 'user7'", 51.0),
        ("user7", "'numb':*", 51.0),
        ("user7", "'user8'", 0.0),
        ("user1", "'user400'", 0.0),
        ("user1", "'clock'", 51.0),
    ] {
        let values = format!("null, null, null, null, null, null, 51, $${words}$$, $${words}$$");
        let plan = explain(&client, user, "atelier_system", SEARCH_TYPES, &search, &values).await;
        assert_eq!(plan["Actual Rows"].as_f64(), Some(found), "{user}: {words}");
        // Nothing but what this user has of it is ever read.
        let read: Vec<&Value> =
            steps(&plan).into_iter().filter(|step| step["Index Name"] != "messages_search_idx").collect();
        assert!(read.iter().all(|step| step["Actual Rows"].as_f64().unwrap_or(0.0) <= 250.0), "{}", sketch(&plan));
        let used: Vec<&str> = steps(&plan).into_iter().filter_map(|step| step["Index Name"].as_str()).collect();
        assert!(used.contains(&"messages_search_idx"), "{}", sketch(&plan));
        assert!(steps(&plan).iter().all(|step| step["Node Type"] != "Seq Scan"), "{}", sketch(&plan));
    }
}
