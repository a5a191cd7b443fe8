//! Links, and what they lead to, among 60,000 links and 200,000 messages.

use functions::shares::list::Filter;
use harness::{
    database, json,
    plans::{Planner, expect_index},
};
use jiff::{SignedDuration, Timestamp};
use shared::{
    model::shares::{
        resume_share, select_shared, select_shared_file, select_shared_files, select_shared_messages,
        select_shared_version,
    },
    page::{Cursor, Limit},
    sql,
    text::{FilePath, Sha256},
};
use uuid::Uuid;

/// A thousand people with five chats, five artifacts and fifty links each; the first of them has 100,000 messages in one chat,
/// 10,000 files in one artifact, and 10,000 links.
const MANY: &str = "
    set session_replication_role = replica;
    insert into users (id, email) select md5('user' || n)::uuid, n || '@example.com' from generate_series(0, 999) n;
    insert into profiles (user_id, handle) select md5('user' || n)::uuid, 'maker' || n from generate_series(0, 999) n;
    insert into chats (id, user_id)
    select md5('chat' || n)::uuid, md5('user' || n % 1000)::uuid from generate_series(0, 4999) n;
    insert into messages (id, chat_id, user_id, role, content, created_at)
    select
        md5('message' || n)::uuid, md5('chat' || n % 5000)::uuid, md5('user' || n % 1000)::uuid, 'user', '',
        now() - n * interval '1 second'
    from generate_series(1, 100000) n;
    insert into messages (id, chat_id, user_id, role, content, created_at)
    select
        md5('long' || n)::uuid, md5('chat0')::uuid, md5('user0')::uuid, 'user', '', now() - n * interval '1 second'
    from generate_series(1, 100000) n;
    insert into artifacts (id, owner_user_id, title, versions_count)
    select md5('artifact' || n)::uuid, md5('user' || n % 1000)::uuid, '', 1 from generate_series(0, 4999) n;
    insert into artifact_versions (id, artifact_id, version_index, files_count, size, additions, deletions)
    select md5('version' || n)::uuid, md5('artifact' || n)::uuid, 1, 1, 0, 0, 0 from generate_series(0, 4999) n;
    insert into blobs (id, user_id, sha256, size, content_type, content)
    select md5('blob' || n)::uuid, md5('user' || n % 1000)::uuid, sha256(int8send(n)), 0, 'text/plain', ''
    from generate_series(0, 29999) n;
    insert into artifact_files (artifact_id, path, first_index, blob_id)
    select
        md5('artifact' || case when n < 20000 then n % 5000 else 0 end)::uuid, 'file' || n, 1, md5('blob' || n)::uuid
    from generate_series(0, 29999) n;
    insert into shares (id, user_id, kind, chat_id, token_hash, created_at, password_hash)
    select
        md5('chat share' || n)::uuid, md5('user' || n % 1000)::uuid, 'chat', md5('chat' || n % 5000)::uuid,
        sha256(convert_to('chat' || n, 'utf8')), now() - n * interval '1 second', case when n = 7 then 'a hash' end
    from generate_series(0, 24999) n;
    insert into shares (id, user_id, kind, artifact_id, token_hash, created_at)
    select
        md5('artifact share' || n)::uuid, md5('user' || n % 1000)::uuid, 'artifact', md5('artifact' || n % 5000)::uuid,
        sha256(convert_to('artifact' || n, 'utf8')), now() - n * interval '1 second'
    from generate_series(0, 24999) n;
    insert into shares (
        id, user_id, kind, chat_id, token_hash, created_at, max_views, through_message_id, through_created_at
    )
    select
        md5('pinned' || n)::uuid, md5('user0')::uuid, 'chat', md5('chat0')::uuid,
        sha256(convert_to('pinned' || n, 'utf8')), now() - n * interval '1 second', 100, messages.id, messages.created_at
    from generate_series(1, 10000) n
    join messages on messages.id = md5('long' || 50000 + n)::uuid;
    insert into share_views (share_id, slot, views)
    select id, slot, 1 from shares, generate_series(0, 3) slot where max_views is null or slot = 0;
    set session_replication_role = origin;
    vacuum analyze;
";

/// Rows that a page may read of one table: itself and one more, with the slots of its counters.
const PAGE: f64 = 450.0;

#[tokio::test]
async fn links_are_found_by_index_among_60_000() {
    let (_, functions) = database::create_migrated().await;
    let name = functions.rsplit('/').next().expect("a name").to_owned();
    let client = database::connect(&database::url(None, &name)).await;
    for statement in MANY.split(';') {
        client.batch_execute(statement).await.expect("they can be made");
    }
    let ids = "select array(
        select md5(name)::uuid
        from unnest(array['user0', 'chat0', 'artifact0', 'pinned1', 'artifact share0']) with ordinality as names (name, place)
        order by place
    )";
    let ids: Vec<Uuid> = client.query_one(ids, &[]).await.expect("ids").get(0);
    let [user, chat, artifact, pinned, shared_artifact] = ids[..] else { panic!("{ids:?}") };

    let planner = Planner::on(&name).await;
    let cursor = Cursor { created_at: Timestamp::now() - SignedDuration::from_secs(2000), id: Uuid::nil() };
    for (query, index) in [
        (json!({}), "shares_user_id_idx"),
        (json!({"chat_id": chat}), "shares_chat_id_idx"),
        (json!({"artifact_id": artifact}), "shares_artifact_id_idx"),
    ] {
        for cursor in [None, Some(cursor)] {
            let mut query = query.clone();
            query["cursor"] = json!(cursor);
            query["limit"] = json!(100);
            let filter: Filter = serde_json::from_value(query.clone()).expect("a filter");
            let scans = planner.scans(Some(user), &filter.select()).await;
            expect_index(&query.to_string(), &scans, index, PAGE);
        }
    }

    let token = |name: &str| Sha256::of(name.as_bytes());
    for (name, password) in [("chat9", None), ("pinned1", None), ("artifact0", None), ("chat7", Some("a hash"))] {
        let open = sql("select auth.open_share($1, $2)").bind(token(name).0.to_vec()).bind(password.map(str::to_owned));
        expect_index(name, &planner.scans(None, &open).await, "shares_token_hash_key", 20.0);
    }
    let attempt = sql("select auth.try_share_password($1)").bind(token("chat7").0.to_vec());
    expect_index("a password", &planner.scans(None, &attempt).await, "shares_token_hash_key", 20.0);
    let view = "select encode(int8send(9999999999) || sha256(view_key || int8send(9999999999)), 'hex')
        from shares
        where token_hash = sha256(convert_to('chat9', 'utf8'))";
    let view: String = client.query_one(view, &[]).await.expect("a view").get(0);
    let resume = resume_share(&token("chat9"), Some(view.as_bytes()));
    expect_index("to read on", &planner.scans(None, &resume).await, "shares_token_hash_key", 20.0);

    for (share, statements) in [
        (
            pinned,
            vec![
                (select_shared(), "shares_pkey", 20.0),
                (select_shared_messages(None, Limit::default()), "messages_chat_id_idx", PAGE),
                (select_shared_messages(Some(cursor), Limit::default()), "shares_pkey", PAGE),
            ],
        ),
        (
            shared_artifact,
            vec![
                (select_shared(), "shares_pkey", 20.0),
                (select_shared_version(), "artifact_versions_version_index_key", 20.0),
                (select_shared_files(), "artifact_files_pkey", 10_100.0),
                (select_shared_file(path("file5")), "artifact_files_pkey", 20.0),
            ],
        ),
    ] {
        let set = format!("alter database {name} set app.share_id = '{share}'");
        client.batch_execute(&set).await.expect("it can be set");
        let reader = Planner::on(&name).await;
        for (statement, index, most_rows) in statements {
            expect_index(statement.text(), &reader.scans(Some(user), &statement).await, index, most_rows);
        }
    }
}

fn path(path: &str) -> FilePath {
    serde_json::from_value(json!(path)).expect("a path")
}
