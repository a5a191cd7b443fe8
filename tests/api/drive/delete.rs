//! DELETE /v1/drive/files/{id}

use harness::{
    Person,
    database::{behind, number},
    drive::fake,
};

async fn export() -> (Person, String) {
    let person = Person::register().await;
    let _ = person.connect_drive(&fake().account()).await;
    let id = person.export_artifact(&person.create_artifact("public", "a").await.id()).await.id();
    (person, id)
}

async fn deletions(person: &Person, condition: &str) -> i64 {
    let query = format!(
        "select count(*) from jobs where user_id = $1::text::uuid and kind = 'drive_delete' and target = '1a' and {condition}"
    );
    number(&query, &[&person.id()]).await
}

#[tokio::test]
async fn what_is_in_drive_is_deleted_there_too() {
    let ((ada, id), bob) = (export().await, Person::register().await);
    let path = format!("/v1/drive/files/{id}");
    let there = "
        with done as (delete from jobs where export_id = $1::text::uuid)
        update drive_files set state = 'synced', drive_file_id = '1a' where id = $1::text::uuid";
    behind().await.execute(there, &[&id]).await.expect("there");
    let _ = bob.delete(&path).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().delete(&path).await.expect_problem(401, "unauthenticated");
    let _ = ada.delete(&path).await.expect(204);
    let _ = ada.get(&path).await.expect_problem(404, "not_found");
    let _ = ada.delete(&path).await.expect_problem(404, "not_found");
    let _ = ada.delete("/v1/drive/files/7").await.expect_problem(400, "malformed");
    assert_eq!(deletions(&ada, "state = 'queued' and run_at <= now()").await, 1);
}

#[tokio::test]
async fn what_never_began_leaves_nothing_to_do() {
    let (ada, id) = export().await;
    let _ = ada.delete(&format!("/v1/drive/files/{id}")).await.expect(204);
    let jobs = "select count(*) from jobs where user_id = $1::text::uuid and kind <> 'drive_sync'";
    assert_eq!(number(jobs, &[&ada.id()]).await, 0);
}

#[tokio::test]
async fn what_is_being_uploaded_is_deleted_once_its_worker_has_noticed() {
    let (ada, id) = export().await;
    let begun = "
        with held as (
            update jobs set lease = uuid_v7(), run_at = now() + interval '3 minutes' where export_id = $1::text::uuid
        )
        update drive_files set state = 'uploading', drive_file_id = '1a' where id = $1::text::uuid";
    behind().await.execute(begun, &[&id]).await.expect("begun");
    let _ = ada.delete(&format!("/v1/drive/files/{id}")).await.expect(204);
    assert_eq!(deletions(&ada, "run_at > now() + interval '2 minutes'").await, 1);
    assert_eq!(deletions(&ada, "true").await, 1);
}

#[tokio::test]
async fn without_consent_the_deletion_waits_and_without_a_connection_there_is_none() {
    for (change, expected) in
        [("update drive_connections set state = 'needs_consent'", 1), ("delete from drive_connections", 0)]
    {
        let (ada, id) = export().await;
        let there = "update drive_files set state = 'synced', drive_file_id = '1a' where id = $1::text::uuid";
        behind().await.execute(there, &[&id]).await.expect("there");
        behind()
            .await
            .execute(&format!("{change} where user_id = $1::text::uuid"), &[&ada.id()])
            .await
            .expect("changed");
        let _ = ada.delete(&format!("/v1/drive/files/{id}")).await.expect(204);
        assert_eq!(deletions(&ada, "state = 'waiting'").await, expected, "{change}");
        assert_eq!(deletions(&ada, "state <> 'waiting'").await, 0, "{change}");
    }
}
