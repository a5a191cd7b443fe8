//! PATCH /v1/users/{id}

use harness::{Person, Value, json, together};
use uuid::Uuid;

fn path(person: &Person) -> String {
    format!("/v1/users/{}", person.id())
}

async fn administer(admin: &Person, person: &Person, body: Value) -> harness::Reply {
    admin.send_with("PATCH", &path(person), &[], body).await
}

#[tokio::test]
async fn a_closed_account_is_signed_out_at_once_and_stays_so() {
    let (admin, ada) = (Person::superuser().await, Person::register().await);
    let elsewhere = ada.sign_in().await;
    let closed = administer(&admin, &ada, json!({"is_active": false})).await.expect(200);
    assert_eq!((&closed.json["id"], &closed.json["is_active"]), (&json!(ada.id()), &json!(false)));
    for session in [&ada, &elsewhere] {
        let _ = session.get("/v1/users/me").await.expect_problem(401, "unauthenticated");
    }
    let credentials = json!({"email": ada.user["email"], "password": ada.password});
    let _ = Person::anonymous().post("/v1/sessions", credentials).await.expect_problem(401, "wrong_credentials");
    let opened = administer(&admin, &ada, json!({"is_active": true})).await.expect(200);
    assert_eq!(opened.json["is_active"], true);
    let _ = ada.get("/v1/users/me").await.expect_problem(401, "unauthenticated");
    let back = ada.sign_in().await;
    let _ = back.get("/v1/users/me").await.expect(200);
}

#[tokio::test]
async fn the_right_is_given_and_taken_at_once() {
    let (admin, ada) = (Person::superuser().await, Person::register().await);
    let _ = ada.get("/v1/users").await.expect_problem(404, "not_found");
    let made = administer(&admin, &ada, json!({"is_superuser": true})).await.expect(200);
    assert_eq!((&made.json["is_superuser"], &made.json["is_active"]), (&json!(true), &json!(true)));
    let _ = ada.get("/v1/users").await.expect(200);
    let _ = administer(&admin, &ada, json!({})).await.expect(200);
    let _ = administer(&admin, &ada, json!({"is_superuser": false})).await.expect(200);
    let _ = ada.get("/v1/users").await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn superusers_do_not_lock_themselves_out() {
    let admin = Person::superuser().await;
    for field in ["is_active", "is_superuser"] {
        let reply = administer(&admin, &admin, json!({field: false})).await.expect_problem(409, "conflict");
        assert_eq!(reply.pointers(), [format!("/{field}")]);
        let _ = administer(&admin, &admin, json!({field: true})).await.expect(200);
    }
    // Of two who take it from each other one keeps it.
    let other = Person::superuser().await;
    let replies = together(
        [(admin.clone(), other.clone()), (other.clone(), admin.clone())]
            .map(|(from, to)| async move { administer(&from, &to, json!({"is_superuser": false})).await.status }),
    )
    .await;
    let mut statuses = replies.clone();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404]);
}

#[tokio::test]
async fn for_others_there_is_nothing_here() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    for body in [json!({"is_superuser": true}), json!({"is_active": false}), json!({})] {
        let _ = administer(&ada, &ada, body.clone()).await.expect_problem(404, "not_found");
        let _ = administer(&ada, &bob, body).await.expect_problem(404, "not_found");
    }
    let admin = Person::superuser().await;
    let nowhere = format!("/v1/users/{}", Uuid::now_v7());
    let _ = admin.send_with("PATCH", &nowhere, &[], json!({"is_active": false})).await.expect_problem(404, "not_found");
    assert_eq!(bob.get("/v1/users/me").await.expect(200).json["is_active"], true);
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let (admin, ada) = (Person::superuser().await, Person::register().await);
    admin.expect_strict("PATCH", &path(&ada), json!({"is_active": true})).await;
    let wrong = [
        ("/is_active", Value::Null),
        ("/is_active", json!("false")),
        ("/is_superuser", json!(1)),
        ("/is_superuser", Value::Null),
        ("/email", json!("ada@example.com")),
    ];
    admin.expect_invalid("PATCH", &path(&ada), &json!({}), &wrong).await;
    assert_eq!(ada.get("/v1/users/me").await.expect(200).json["is_superuser"], false);
}
