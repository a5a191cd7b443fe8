//! POST /v1/drive/syncs

use harness::{Person, database::behind, drive::fake, json};

const PATH: &str = "/v1/drive/syncs";

async fn put_off(person: &Person, change: &str) {
    let update = format!(
        "update jobs set run_at = now() + interval '40 minutes', {change} where user_id = $1::text::uuid and kind = 'drive_sync'"
    );
    assert_eq!(behind().await.execute(&update, &[&person.id()]).await.expect("put off"), 1);
}

async fn is_due(person: &Person) -> bool {
    let select = "select run_at <= now() from jobs where user_id = $1::text::uuid and kind = 'drive_sync'";
    behind().await.query_one(select, &[&person.id()]).await.expect("a job").get(0)
}

#[tokio::test]
async fn a_sync_comes_sooner_when_asked_for() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    for person in [&ada, &bob] {
        let _ = person.connect_drive(&fake().account()).await;
        put_off(person, "attempts = 0").await;
    }
    let connection = ada.post(PATH, json!({})).await.expect(200);
    assert!(connection.json["next_sync_at"].is_string() && is_due(&ada).await && !is_due(&bob).await);
    put_off(&ada, "attempts = 3").await;
    let _ = ada.post(PATH, json!({})).await.expect(200);
    assert!(!is_due(&ada).await, "Google has asked for patience");
    put_off(&ada, "attempts = 1, lease = uuid_v7()").await;
    let _ = ada.post(PATH, json!({})).await.expect(200);
    assert!(!is_due(&ada).await, "it is under way");
}

#[tokio::test]
async fn without_a_connection_there_is_nothing_to_look_at() {
    let ada = Person::register().await;
    ada.expect_strict("POST", PATH, json!({})).await;
    let _ = ada.post(PATH, json!({})).await.expect_problem(409, "drive_not_connected");
    let _ = ada.connect_drive(&fake().account()).await;
    put_off(&ada, "attempts = 0").await;
    let withdrawn = "update drive_connections set state = 'needs_consent' where user_id = $1::text::uuid";
    behind().await.execute(withdrawn, &[&ada.id()]).await.expect("withdrawn");
    let _ = ada.post(PATH, json!({})).await.expect_problem(409, "drive_not_connected");
    assert!(!is_due(&ada).await);
}
