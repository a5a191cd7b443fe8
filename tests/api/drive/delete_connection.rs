//! DELETE /v1/drive/connection

use harness::{
    Person,
    database::{behind, number},
    drive::fake,
    json,
};

const PATH: &str = "/v1/drive/connection";

#[tokio::test]
async fn the_token_goes_at_once_and_what_is_under_way_is_given_up() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let _ = ada.connect_drive(&fake().account()).await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let waiting = ada.export_artifact(&artifact).await.id();
    let done = ada.export_artifact(&artifact).await.id();
    let finish = "
        with done as (delete from jobs where export_id = $1::text::uuid)
        update drive_files set state = 'synced', drive_file_id = 'a' where id = $1::text::uuid";
    behind().await.execute(finish, &[&done]).await.expect("done");

    let _ = bob.delete(PATH).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().delete(PATH).await.expect_problem(401, "unauthenticated");
    let _ = ada.delete(PATH).await.expect(204);
    let _ = ada.delete(PATH).await.expect_problem(404, "not_found");
    let _ = ada.get(PATH).await.expect_problem(404, "not_found");
    let given_up = ada.get(&format!("/v1/drive/files/{waiting}")).await.expect(200);
    assert_eq!((&given_up.json["state"], &given_up.json["error"]), (&json!("failed"), &json!("not_connected")));
    assert_eq!(ada.get(&format!("/v1/drive/files/{done}")).await.expect(200).json["state"], "synced");

    let left = "select count(*) from jobs where user_id = $1::text::uuid and kind <> 'drive_revoke'";
    assert_eq!(number(left, &[&ada.id()]).await, 0);
    let revoked =
        "select count(*) from jobs where user_id = $1::text::uuid and kind = 'drive_revoke' and secret is not null";
    assert_eq!(number(revoked, &[&ada.id()]).await, 1);
}

/// Google ends all tokens of an account with one of them: whoever comes back at once keeps the new one.
#[tokio::test]
async fn connecting_again_revokes_nothing() {
    let (ada, account) = (Person::register().await, fake().account());
    let _ = ada.connect_drive(&account).await;
    let _ = ada.delete(PATH).await.expect(204);
    let _ = ada.connect_drive(&account).await;
    let revoked = "select count(*) from jobs where user_id = $1::text::uuid and kind = 'drive_revoke'";
    assert_eq!(number(revoked, &[&ada.id()]).await, 0);
}

#[tokio::test]
async fn the_token_of_a_removed_account_is_revoked() {
    let ada = Person::register().await;
    let _ = ada.connect_drive(&fake().account()).await;
    let _ = ada.export_artifact(&ada.create_artifact("private", "draw();\n").await.id()).await;
    behind().await.execute("delete from users where id = $1::text::uuid", &[&ada.id()]).await.expect("removed");
    let left = "select count(*) from jobs where user_id = $1::text::uuid and kind in ('drive_revoke', 'drive_sync')";
    assert_eq!(number(left, &[&ada.id()]).await, 2, "the worker finds no connection for the sync, and ends it");
}
