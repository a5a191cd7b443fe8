//! DELETE /v1/sessions/current

use harness::Person;

const PATH: &str = "/v1/sessions/current";

#[tokio::test]
async fn the_session_that_asks_ends_and_no_other() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let other = ada.sign_in().await;
    let reply = ada.delete(PATH).await.expect(204);
    assert!(reply.bytes.is_empty());
    let _ = ada.get("/v1/users/me").await.expect_problem(401, "unauthenticated");
    let _ = ada.get("/v1/profiles/me").await.expect_problem(401, "unauthenticated");
    for person in [&other, &bob] {
        assert_eq!(person.walk("/v1/sessions").await.len(), 1);
    }
}

#[tokio::test]
async fn it_ends_once() {
    let ada = Person::register().await;
    let _ = ada.delete(PATH).await.expect(204);
    let reply = ada.delete(PATH).await.expect_problem(401, "unauthenticated");
    assert_eq!(reply.header("www-authenticate"), "Bearer");
}

#[tokio::test]
async fn only_who_is_signed_in_signs_out() {
    let mut nobody = Person::anonymous();
    let _ = nobody.delete(PATH).await.expect_problem(401, "unauthenticated");
    nobody.token = Some("atelier_of-nobody".to_owned());
    let _ = nobody.delete(PATH).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn unknown_parameters_are_refused() {
    let ada = Person::register().await;
    let reply = ada.delete(&format!("{PATH}?all=true")).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/all"]);
    let _ = ada.get("/v1/users/me").await.expect(200);
}
