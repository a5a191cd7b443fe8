//! GET /v1/profiles/me

use harness::{Person, Reply, Value, json};

const PATH: &str = "/v1/profiles/me";

#[tokio::test]
async fn it_is_the_callers_own_and_whole() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let body = json!({"handle": ada.handle(), "age": 36, "gender": "female", "city": "London", "country": "England"});
    let _ = ada.send_with("PUT", PATH, &[("if-match", "*")], body.clone()).await.expect(200);
    let own = ada.get(PATH).await.expect(200);
    for (field, value) in body.as_object().expect("a body") {
        assert_eq!(&own.json[field], value, "{field}");
    }
    let by_handle = ada.get(&format!("/v1/profiles/{}", ada.handle())).await.expect(200);
    assert_eq!((&by_handle.json, by_handle.etag()), (&own.json, own.etag()));
    let other = bob.get(PATH).await.expect(200);
    assert_eq!((&other.json["user_id"], &other.json["age"]), (&json!(bob.id()), &Value::Null));
}

#[tokio::test]
async fn nobody_has_none() {
    let mut nobody = Person::anonymous();
    let _ = nobody.get(PATH).await.expect_problem(401, "unauthenticated");
    nobody.token = Some("atelier_of-nobody".to_owned());
    let _ = nobody.get(PATH).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    let ada = Person::register().await;
    let etag = ada.get(PATH).await.expect(200).etag();
    let _ = Reply::to(ada.request("GET", PATH).header("if-none-match", &etag)).await.expect(304);
    let body = json!({"handle": ada.handle(), "bio": "New."});
    let _ = ada.send_with("PUT", PATH, &[("if-match", &etag)], body).await.expect(200);
    let _ = Reply::to(ada.request("GET", PATH).header("if-none-match", &etag)).await.expect(200);
}

#[tokio::test]
async fn unknown_parameters_are_refused() {
    let ada = Person::register().await;
    let reply = ada.get(&format!("{PATH}?as=bob")).await.expect_problem(422, "invalid");
    assert_eq!(reply.pointers(), ["/query/as"]);
}
