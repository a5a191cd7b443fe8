//! DELETE /v1/sessions/{id}

use harness::{Person, together};
use uuid::Uuid;

async fn path(person: &Person) -> String {
    let sessions = person.walk("/v1/sessions").await;
    let current = sessions.iter().find(|session| session["is_current"] == true).expect("the one that asks");
    format!("/v1/sessions/{}", current["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn a_session_ends_at_once() {
    let ada = Person::register().await;
    let lost = ada.sign_in().await;
    let session = path(&lost).await;
    let reply = ada.delete(&session).await.expect(204);
    assert!(reply.bytes.is_empty());
    let _ = lost.get("/v1/users/me").await.expect_problem(401, "unauthenticated");
    let _ = lost.get("/v1/artifacts").await.expect_problem(401, "unauthenticated");
    assert_eq!(ada.walk("/v1/sessions").await.len(), 1);
    let _ = ada.delete(&session).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn the_one_that_asks_can_be_ended_too() {
    let ada = Person::register().await;
    let _ = ada.delete(&path(&ada).await).await.expect(204);
    let _ = ada.get("/v1/users/me").await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let session = path(&ada).await;
    let _ = bob.delete(&session).await.expect_problem(404, "not_found");
    let _ = Person::anonymous().delete(&session).await.expect_problem(401, "unauthenticated");
    let _ = ada.get("/v1/users/me").await.expect(200);
    let nowhere = format!("/v1/sessions/{}", Uuid::now_v7());
    let _ = bob.delete(&nowhere).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn of_many_who_end_it_one_does() {
    let ada = Person::register().await;
    let session = path(&ada.sign_in().await).await;
    let replies = together((0..8).map(|_| {
        let (ada, session) = (ada.clone(), session.clone());
        async move { ada.delete(&session).await.status }
    }));
    let mut statuses = replies.await;
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 404, 404, 404, 404, 404, 404, 404]);
}

#[tokio::test]
async fn what_is_no_id_is_malformed() {
    let ada = Person::register().await;
    for wrong in ["7", "null", "%00", "%F0%9F%92%A3", "0199f0c5-6f5e-7c3a-9d64-0f2a7f6f3a1", "..%2Fusers"] {
        let reply = ada.delete(&format!("/v1/sessions/{wrong}")).await.expect_problem(400, "malformed");
        assert_eq!(reply.pointers(), ["/path/id"], "{wrong}");
    }
    let reply = ada.delete(&format!("/v1/sessions/{}?force=1", Uuid::now_v7())).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/force"]);
}
