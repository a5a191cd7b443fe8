//! Forks of what hundreds of thousands have forked, most of them for themselves.

use functions::artifacts::{forks, tree};
use harness::plans::{expect_index, filled};
use jiff::Timestamp;
use shared::page::{Cursor, Limit};
use uuid::Uuid;

/// A template with 200,000 forks of a thousand people, one in a thousand of them public, among as many other artifacts; and
/// as many profiles again as tell an index from none.
const ROWS: &[(&str, &str)] = &[
    (
        "users",
        "insert into users (id, email)
         select md5('user' || n)::uuid, n || '@example.com' from generate_series(0, 49999) n",
    ),
    (
        "profiles",
        "insert into profiles (user_id, handle)
         select md5('user' || n)::uuid, 'maker' || n from generate_series(0, 49999) n",
    ),
    (
        "artifacts",
        "insert into artifacts (id, owner_user_id, title, visibility, forked_from_id, origin_artifact_id, created_at)
         select
             md5('artifact' || n)::uuid, md5('user' || n % 1000)::uuid, 'A clock',
             case when n % 2 = 0 or n / 2 % 1000 = 0 then 'public' else 'private' end,
             case when n % 2 = 1 then md5('artifact0')::uuid end, case when n % 2 = 1 then md5('artifact0')::uuid end,
             '2026-01-01'::timestamptz + n * interval '1 second'
         from generate_series(0, 400000) n",
    ),
];

/// Rows that a page may read of one table: itself and one more, public ones and own ones, and the slots of counters.
const PAGE: f64 = 450.0;

#[tokio::test]
async fn of_many_forks_few_are_read() {
    let (client, planner) = filled(ROWS).await;
    let ids = "select md5('artifact0')::uuid, md5('user7')::uuid";
    let ids = client.query_one(ids, &[]).await.expect("ids");
    let (template, maker): (Uuid, Uuid) = (ids.get(0), ids.get(1));
    let middle: Timestamp = "2026-01-03T12:00:00Z".parse().expect("a time");
    let middle = Cursor { created_at: middle, id: Uuid::from_u128(u128::MAX / 2) };
    for cursor in [None, Some(middle)] {
        for (caller, own) in [(None, false), (Some(maker), true)] {
            let scans = planner.scans(caller, &forks::select(template, cursor, Limit::default())).await;
            expect_index("forks", &scans, "artifacts_forks_idx", PAGE);
            assert!(!own || scans.iter().any(|scan| scan.index == "artifacts_own_forks_idx"), "{scans:#?}");
            let scans = planner.scans(caller, &tree::select(template, cursor, Limit::default())).await;
            expect_index("the tree", &scans, "artifacts_origin_idx", PAGE);
            assert!(!own || scans.iter().any(|scan| scan.index == "artifacts_own_origin_idx"), "{scans:#?}");
        }
    }
}
