//! The gallery, its searches and profiles, among a million artifacts.

use functions::{artifacts::list::Filter, profiles::list::ProfileQuery};
use harness::{
    Value, json,
    plans::{Planner, expect_index, filled},
};
use shared::{
    model::listings::{Listing, Sort, Whose},
    page::{Limit, RankCursor},
};
use uuid::Uuid;

/// A million artifacts of a thousand people, and as many profiles again as tell an index from none. One in four
/// artifacts is private, one in a thousand of a rare type; every title has the same first word.
const ROWS: &[(&str, &str)] = &[
    (
        "users",
        "insert into users (id, email)
         select md5('user' || n)::uuid, 'maker' || n || '@example.com' from generate_series(1, 50000) n",
    ),
    (
        "profiles",
        "insert into profiles (user_id, handle, display_name)
         select md5('user' || n)::uuid, 'maker' || n, initcap(substr(md5(n::text), 1, 8)) || ' Person'
         from generate_series(1, 50000) n",
    ),
    (
        "artifacts",
        "insert into artifacts (id, owner_user_id, title, visibility, type, tool_name, created_at)
         select
             md5('artifact' || n)::uuid, md5('user' || n % 1000)::uuid, 'Clock ' || substr(md5(n::text), 1, 12),
             case when n % 4 = 0 then 'private' else 'public' end,
             case when n % 1000 = 1 then 'rare' else (array['code', 'image', 'model'])[1 + n % 3] end,
             'tool' || n % 20, '2026-01-01'::timestamptz + n * interval '1 minute'
         from generate_series(1, 1000000) n;
         update artifacts set deleted_at = created_at where created_at < '2026-01-02'",
    ),
    (
        "artifact_listings",
        "insert into artifact_listings
         select
             id, owner_user_id, visibility, type, tool_name, 'language' || length(type), created_at,
             hashtext(title) & 127, hashtext(title) & 7, extract(epoch from created_at)
         from artifacts where deleted_at is null",
    ),
    (
        "artifact_texts",
        "insert into artifact_texts
         select
             id, owner_user_id, visibility, type, tool_name, 'language' || length(type), created_at, title,
             to_tsvector('simple', title),
             setweight(to_tsvector('simple', title), 'A')
                 || setweight(to_tsvector('simple', 'draw the hands of word' || (hashtext(title) & 4095)), 'D')
         from artifacts where deleted_at is null",
    ),
];

#[tokio::test]
async fn of_a_million_artifacts_few_are_read() {
    let (client, planner) = filled(ROWS).await;
    let maker: Uuid = client.query_one("select md5('user7')::uuid", &[]).await.expect("an id").get(0);
    lists(&planner, maker).await;
    trash(&planner, maker).await;
    searches(&planner, maker).await;
    profiles(&planner, maker).await;
}

/// Rows that a page may read of one table: itself and one more, and what lies between them.
const PAGE: f64 = 250.0;

/// All of one maker's artifacts.
const OWN: f64 = 1_000.0;

const SORTS: [(&str, &str, Sort); 4] = [
    ("newest", "created_at", Sort::Newest),
    ("most_liked", "likes", Sort::MostLiked),
    ("most_forked", "forks", Sort::MostForked),
    ("trending", "trending", Sort::Trending),
];

/// Somewhere in the middle of a list.
fn middle(sort: &str) -> RankCursor {
    let rank = match sort {
        "newest" => 1_773_000_000_000_000,
        "trending" => 1_773_000_000,
        "most_liked" => 64,
        _ => 4,
    };
    RankCursor { rank, id: Uuid::from_u128(u128::MAX / 2) }
}

fn filter(query: &Value) -> Filter {
    serde_json::from_value(query.clone()).expect("a filter")
}

async fn lists(planner: &Planner, maker: Uuid) {
    for (sort, column, _) in SORTS {
        for (query, prefix, most_rows) in [
            (json!({}), "", PAGE),
            (json!({"visibility": "public"}), "", PAGE),
            (json!({"type": "code"}), "type_", PAGE),
            (json!({"type": "rare"}), "type_", PAGE),
            (json!({"type": "no-such-type"}), "type_", PAGE),
            (json!({"tool_name": "tool7"}), "tool_name_", PAGE),
            (json!({"code_language": "language4"}), "code_language_", PAGE),
            (json!({"owner": "maker7"}), "owner_", PAGE),
            (json!({"owner": "me"}), "owner_", PAGE),
            (json!({"owner": "me", "visibility": "private", "type": "code"}), "owner_", OWN),
            // Of two the rarer leads, and the other is looked at row by row.
            (json!({"type": "code", "tool_name": "tool7"}), "tool_name_", 20.0 * PAGE),
        ] {
            let index = format!("artifact_listings_{prefix}{column}_idx");
            for cursor in [None, Some(middle(sort))] {
                let mut query = query.clone();
                query["sort"] = json!(sort);
                query["cursor"] = json!(cursor);
                let scans = planner.scans(Some(maker), &filter(&query).select().expect("a page")).await;
                expect_index(&query.to_string(), &scans, &index, most_rows);
            }
        }
    }
}

async fn trash(planner: &Planner, maker: Uuid) {
    for cursor in [None, Some(middle("newest"))] {
        let query = json!({"trashed": true, "cursor": cursor});
        let scans = planner.scans(Some(maker), &filter(&query).select().expect("a page")).await;
        expect_index("the trash", &scans, "artifacts_trash_idx", PAGE);
    }
}

async fn searches(planner: &Planner, maker: Uuid) {
    for (query, index, most_rows) in [
        (json!({"q": "word500"}), "artifact_texts_words_idx", 1_000.0),
        (json!({"q": "hands word500"}), "artifact_texts_words_idx", 1_000.0),
        (json!({"q": "\"clock c4ca4238a0b9\""}), "artifact_texts_title_words_idx", PAGE),
        (json!({"q": "c4ca4238a0b9", "owner": "me", "type": "code"}), "artifact_texts_words_idx", PAGE),
        // Half of it is mistyped: what is alike is found by three letters at a time, and not all of it is compared.
        (json!({"q": "c4ca4239b0b9"}), "artifact_texts_title_idx", 1_000.0),
        (json!({"q": "clcok"}), "artifact_texts_title_idx", f64::INFINITY),
        // In every artifact: by the index too, though it has them all.
        (json!({"q": "clock"}), "artifact_texts_words_idx", f64::INFINITY),
    ] {
        for caller in [None, Some(maker)] {
            let scans = planner.scans(caller, &filter(&query).select().expect("a page")).await;
            expect_index(&query.to_string(), &scans, index, most_rows);
        }
    }
}

async fn profiles(planner: &Planner, maker: Uuid) {
    for (q, index, most_rows) in [
        ("maker77", "profiles_handle_prefix_idx", 1_000.0),
        ("C4ca", "profiles_name_prefix_idx", 1_000.0),
        ("c4ca4239", "profiles_words_idx", 1_000.0),
        // Half of it is in every name.
        ("c4ca4239 persn", "profiles_words_idx", 20_000.0),
    ] {
        let query: ProfileQuery = serde_json::from_value(json!({ "q": q })).expect("a query");
        let scans = planner.scans(None, &query.select()).await;
        expect_index(q, &scans, index, most_rows);
    }
    for (_, column, sort) in SORTS {
        let listing = Listing {
            whose: Whose::Maker("maker7".to_owned()),
            kind: None,
            tool_name: None,
            code_language: None,
            visibility: None,
            cursor: None,
            limit: Limit::default(),
        };
        for caller in [None, Some(maker)] {
            let scans = planner.scans(caller, &listing.clone().select(sort).expect("a page")).await;
            expect_index("what someone made", &scans, &format!("artifact_listings_owner_{column}_idx"), PAGE);
        }
    }
}
