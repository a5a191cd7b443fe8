//! GET /v1/drive/files

use harness::{Person, database::behind, drive::fake, json};
use uuid::Uuid;

const PATH: &str = "/v1/drive/files";

#[tokio::test]
async fn exports_are_listed_newest_first_by_state_and_artifact() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    assert_eq!(ada.get(PATH).await.expect(200).json, json!({"items": [], "next_cursor": null}));
    let _ = ada.connect_drive(&fake().account()).await;
    let artifacts = [ada.create_artifact("public", "a").await.id(), ada.create_artifact("private", "b").await.id()];
    let mut exports = Vec::new();
    for artifact in [&artifacts[0], &artifacts[1], &artifacts[0], &artifacts[1]] {
        exports.insert(0, ada.export_artifact(artifact).await.id());
    }
    let fail = "update drive_files set state = 'failed', error = 'storage_full' where id = $1::text::uuid";
    behind().await.execute(fail, &[&exports[1]]).await.expect("failed");
    let ids = async |query: String| {
        let items = ada.walk(&format!("{PATH}?{query}")).await;
        items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    for limit in [1, 3, 100] {
        assert_eq!(ids(format!("limit={limit}")).await, exports, "{limit}");
        assert_eq!(ids(format!("limit={limit}&state=queued")).await, [&*exports[0], &exports[2], &exports[3]]);
        assert_eq!(ids(format!("limit={limit}&state=failed")).await, exports[1..2]);
        assert_eq!(ids(format!("limit={limit}&artifact_id={}", artifacts[0])).await, [&*exports[1], &exports[3]]);
        let both = format!("limit={limit}&artifact_id={}&state=queued", artifacts[0]);
        assert_eq!(ids(both).await, exports[3..4]);
        assert!(ids(format!("limit={limit}&artifact_id={}", Uuid::now_v7())).await.is_empty());
    }
    let failed = &ada.walk(&format!("{PATH}?state=failed")).await[0];
    assert_eq!(failed["error"], "storage_full");
    assert!(bob.walk(&format!("{PATH}?artifact_id={}", artifacts[0])).await.is_empty());
    let _ = Person::anonymous().get(PATH).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let ada = Person::register().await;
    for (query, pointer) in [
        ("state=gone", "/query/state"),
        ("artifact_id=7", "/query/artifact_id"),
        ("limit=0", "/query/limit"),
        ("cursor=!", "/query/cursor"),
        ("name=a", "/query/name"),
    ] {
        let reply = ada.get(&format!("{PATH}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer], "{query}");
    }
}
