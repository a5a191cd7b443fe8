//! GET /v1/drive/files/{id}

use harness::{Person, database::behind, drive::fake, json};
use uuid::Uuid;

#[tokio::test]
async fn ones_own_exports_are_read() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let _ = ada.connect_drive(&fake().account()).await;
    let made = ada.export_artifact(&ada.create_artifact("public", "a").await.id()).await;
    let path = format!("/v1/drive/files/{}", made.id());
    assert_eq!(ada.get(&path).await.expect(200).json, made.json);
    let there = "update drive_files set state = 'synced', drive_file_id = '1a' where id = $1::text::uuid";
    behind().await.execute(there, &[&made.id()]).await.expect("there");
    assert_eq!(ada.get(&path).await.expect(200).json["url"], json!("https://drive.google.com/open?id=1a"));
    let _ = bob.get(&path).await.expect_problem(404, "not_found");
    let _ = ada.get(&format!("/v1/drive/files/{}", Uuid::now_v7())).await.expect_problem(404, "not_found");
    let _ = ada.get("/v1/drive/files/7").await.expect_problem(400, "malformed");
    let _ = Person::anonymous().get(&path).await.expect_problem(401, "unauthenticated");
}
