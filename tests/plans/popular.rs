//! Lists of what belongs to one artifact, among those of many.

use functions::{comments::list::Filter, likes, versions};
use harness::{
    json,
    plans::{expect_index, filled},
};
use jiff::Timestamp;
use shared::page::{Cursor, Limit, Paging};
use uuid::Uuid;

/// An artifact with 100,000 likes and comments, half of them answers to one, and 5,000 versions; 20,000 others with a few.
const ROWS: &[(&str, &str)] = &[
    (
        "users",
        "insert into users (id, email)
         select md5('user' || n)::uuid, n || '@example.com' from generate_series(1, 100000) n",
    ),
    (
        "profiles",
        "insert into profiles (user_id, handle)
         select md5('user' || n)::uuid, 'maker' || n from generate_series(1, 100000) n",
    ),
    (
        "artifacts",
        "insert into artifacts (id, owner_user_id, title, visibility, versions_count)
         select md5('artifact' || n)::uuid, md5('user' || n)::uuid, 'A clock', 'public', case n when 1 then 5000 else 3 end
         from generate_series(1, 20000) n",
    ),
    (
        "artifact_versions",
        "insert into artifact_versions (id, artifact_id, version_index, files_count, size, additions, deletions)
         select md5('version' || n || ' ' || index)::uuid, md5('artifact' || n)::uuid, index, 0, 0, 0, 0
         from generate_series(1, 20000) n
         cross join lateral generate_series(1, case n when 1 then 5000 else 3 end) index",
    ),
    (
        "artifact_likes",
        "insert into artifact_likes (artifact_id, user_id, created_at)
         select md5('artifact' || case when n <= 100000 then 1 else n % 20000 + 1 end)::uuid, md5('user' || n % 100000 + 1)::uuid,
             '2026-01-01'::timestamptz + n * interval '1 second'
         from generate_series(1, 150000) n
         on conflict do nothing",
    ),
    (
        "artifact_comments",
        "insert into artifact_comments (id, artifact_id, user_id, parent_id, body, created_at)
         select
             md5('comment' || n)::uuid, md5('artifact' || case when n <= 100000 then 1 else n % 20000 + 1 end)::uuid,
             md5('user' || n % 100000 + 1)::uuid, case when n % 2 = 0 and n <= 100000 then md5('comment25001')::uuid end, 'Nice.',
             '2026-01-01'::timestamptz + n * interval '1 second'
         from generate_series(1, 150000) n",
    ),
];

/// Rows that a page may read of one table: what it shows, and as many again for a list within it.
const PAGE: f64 = 210.0;

#[tokio::test]
async fn of_what_many_say_and_like_little_is_read() {
    let (client, planner) = filled(ROWS).await;
    let ids =
        "select md5('artifact1')::uuid, md5('user7')::uuid, md5('comment25001')::uuid, md5('version1 2500')::uuid";
    let ids = client.query_one(ids, &[]).await.expect("ids");
    let (artifact, caller, comment, version): (Uuid, Uuid, Uuid, Uuid) =
        (ids.get(0), ids.get(1), ids.get(2), ids.get(3));
    let created_at: Timestamp = "2026-01-01T12:00:00Z".parse().expect("a time");
    for cursor in [None, Some(created_at)] {
        let at = |id: Uuid| cursor.map(|created_at| Cursor { created_at, id });
        let page = |id: Uuid| Paging { limit: Limit::default(), cursor: at(id) };
        let scans = planner.scans(Some(caller), &versions::list::select(artifact, page(version))).await;
        expect_index("versions", &scans, "artifact_versions_version_index_key", PAGE);
        let scans = planner.scans(Some(caller), &likes::list::select(artifact, page(caller))).await;
        expect_index("likes", &scans, "artifact_likes_artifact_id_idx", PAGE);
        for (mut filter, index) in [
            (json!({}), "artifact_comments_top_idx"),
            (json!({"order": "oldest"}), "artifact_comments_top_idx"),
            (json!({ "parent_id": comment }), "artifact_comments_parent_id_idx"),
            (json!({"parent_id": comment, "order": "newest"}), "artifact_comments_parent_id_idx"),
        ] {
            filter["cursor"] = json!(at(comment));
            let select = serde_json::from_value::<Filter>(filter.clone()).expect("a filter").select(artifact);
            let scans = planner.scans(Some(caller), &select).await;
            expect_index(&format!("comments {filter}"), &scans, index, PAGE);
        }
    }
}
