//! GET /v1/drive/connection

use harness::{Person, database::behind, drive::fake, json};

const PATH: &str = "/v1/drive/connection";

#[tokio::test]
async fn ones_own_connection_is_shown_without_its_token() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let _ = ada.get(PATH).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().get(PATH).await.expect_problem(401, "unauthenticated");
    let connected = ada.connect_drive(&fake().account()).await;
    let read = ada.get(PATH).await.expect(200);
    assert_eq!(read.json, connected.json);
    let fields: Vec<&String> = read.json.as_object().expect("an object").keys().collect();
    assert!(["token", "key_id", "page_token"].iter().all(|secret| !fields.iter().any(|field| field == secret)));
    let _ = bob.get(PATH).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn what_was_given_up_is_shown() {
    let ada = Person::register().await;
    let _ = ada.connect_drive(&fake().account()).await;
    let failed = "
        insert into jobs (user_id, kind, target, state, error, updated_at)
        select $1::text::uuid, 'drive_delete', 'file' || number, 'failed', 'a secret of the operator', now() - number * interval '1 hour'
        from generate_series(1, 25) as number";
    behind().await.execute(failed, &[&ada.id()]).await.expect("made");
    let jobs = ada.get(PATH).await.expect(200).json["failed_jobs"].clone();
    assert_eq!(jobs.as_array().map(Vec::len), Some(20));
    assert_eq!((&jobs[0]["kind"], &jobs[0]["drive_file_id"]), (&json!("drive_delete"), &json!("file1")));
    assert!(!jobs.to_string().contains("operator"));
}
