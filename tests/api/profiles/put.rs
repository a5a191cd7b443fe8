//! PUT /v1/profiles/me

use harness::{Person, Value, database, json, pictures, together};
use uuid::Uuid;

const PATH: &str = "/v1/profiles/me";

fn unique_handle() -> String {
    format!("h{}", &Uuid::new_v4().simple().to_string()[..16])
}

async fn put(person: &Person, if_match: &str, body: Value) -> harness::Reply {
    person.send_with("PUT", PATH, &[("if-match", if_match)], body).await
}

fn whole(handle: &str) -> Value {
    json!({
        "handle": handle, "display_name": "Ada", "bio": "I make clocks.\n\nBig ones.", "age": 36, "gender": "female",
        "city": "London", "country": "England"
    })
}

#[tokio::test]
async fn a_whole_profile_comes_back() {
    let ada = Person::register().await;
    let handle = unique_handle();
    let body = whole(&handle);
    let written = put(&ada, "*", body.clone()).await.expect(200);
    for (field, value) in body.as_object().expect("a body") {
        assert_eq!(&written.json[field], value, "{field}");
    }
    assert_eq!((&written.json["user_id"], &written.json["avatar"]), (&json!(ada.id()), &Value::Null));
    let read = ada.get(PATH).await.expect(200);
    assert_eq!((&read.json, read.etag()), (&written.json, written.etag()));
    assert_eq!(ada.get("/v1/users/me").await.expect(200).json["handle"], handle);
}

#[tokio::test]
async fn what_is_left_out_is_cleared_except_the_picture() {
    let ada = Person::register().await;
    let upload = ada.upload("avatar", "image/png", &pictures::png(8, 8)).await;
    let shown = ada.put("/v1/profiles/me/avatar", json!({"upload": upload.id()})).await.expect(200);
    let _ = put(&ada, "*", whole(ada.handle())).await.expect(200);
    let written = put(&ada, "*", json!({"handle": ada.handle(), "age": 0, "gender": null})).await.expect(200);
    assert_eq!(written.json["age"], 0);
    for field in ["display_name", "bio", "gender", "city", "country"] {
        assert_eq!(written.json[field], Value::Null, "{field}");
    }
    assert_eq!(written.json["avatar"], shown.json["avatar"]);
    assert_ne!(written.json["avatar"], Value::Null);
}

#[tokio::test]
async fn a_handle_is_lower_cased_and_moves() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let handle = unique_handle();
    let written = put(&ada, "*", json!({"handle": handle.to_uppercase()})).await.expect(200);
    assert_eq!(written.json["handle"], handle);
    assert_eq!(bob.get(&format!("/v1/profiles/{handle}")).await.expect(200).json["user_id"], ada.id());
    let _ = bob.get(&format!("/v1/profiles/{}", ada.handle())).await.expect_problem(404, "not_found");
}

async fn register_as(handle: &str) -> harness::Reply {
    let email = format!("{}@example.com", Uuid::new_v4());
    let body = json!({"email": email, "password": "correct horse battery", "handle": handle});
    Person::anonymous().post("/v1/users", body).await
}

#[tokio::test]
async fn a_handle_given_up_is_its_users_for_90_days() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let (first, second, third) = (ada.handle(), unique_handle(), unique_handle());
    let _ = put(&ada, "*", json!({"handle": second})).await.expect(200);
    let _ = put(&ada, "*", json!({"handle": third})).await.expect(200);
    for former in [first, &second] {
        let reply = put(&bob, "*", json!({"handle": former.to_uppercase()})).await.expect_problem(409, "handle_taken");
        assert_eq!(reply.pointers(), ["/handle"]);
        let reply = register_as(former).await.expect_problem(409, "handle_taken");
        assert_eq!(reply.pointers(), ["/handle"]);
        let _ = bob.get(&format!("/v1/profiles/{former}")).await.expect_problem(404, "not_found");
    }
    // Its user may take it back, and give it up again.
    let _ = put(&ada, "*", json!({"handle": first})).await.expect(200);
    let _ = put(&bob, "*", json!({"handle": third})).await.expect_problem(409, "handle_taken");
    let _ = put(&ada, "*", json!({"handle": third})).await.expect(200);
    let age = "update former_handles set released_at = now() - $2::text::interval where handle = $1";
    for (days, status) in [("89 days 23 hours", 409), ("90 days 1 second", 200)] {
        let _ = database::behind().await.execute(age, &[&first, &days]).await.expect("works");
        let _ = put(&bob, "*", json!({"handle": first})).await.expect(status);
    }
    assert_eq!(ada.get(&format!("/v1/profiles/{first}")).await.expect(200).json["user_id"], bob.id());
    let _ = put(&ada, "*", json!({"handle": first})).await.expect_problem(409, "handle_taken");
    // The second one goes to whoever registers once it is free.
    let _ = database::behind().await.execute(age, &[&second, &"91 days"]).await.expect("works");
    let _ = register_as(&second).await.expect(201);
}

/// While one gives a handle up and others grasp at it, at no time anybody else gets it.
#[tokio::test]
async fn nobody_snatches_a_handle_in_between() {
    for _ in 0..5 {
        let ada = Person::register().await;
        let given_up = ada.handle().to_owned();
        let mut requests = vec![(ada.clone(), unique_handle())];
        for _ in 0..6 {
            requests.push((Person::register().await, given_up.clone()));
        }
        let replies = together(
            requests
                .into_iter()
                .map(|(person, handle)| async move { put(&person, "*", json!({ "handle": handle })).await.status }),
        );
        assert_eq!(replies.await, [200, 409, 409, 409, 409, 409, 409]);
    }
}

/// Of those who reach for a free handle at once one gets it.
#[tokio::test]
async fn of_many_who_want_a_handle_one_gets_it() {
    let handle = unique_handle();
    let mut people = Vec::new();
    for _ in 0..8 {
        people.push(Person::register().await);
    }
    let replies = together(people.into_iter().map(|person| {
        let handle = handle.clone();
        async move { put(&person, "*", json!({ "handle": handle })).await.status }
    }));
    let mut statuses = replies.await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
}

#[tokio::test]
async fn what_is_private_is_shown_as_chosen() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/profiles/{}", ada.handle());
    let private = ["age", "gender", "city", "country"];
    for shown in [&[][..], &["city"], &["age", "gender"], &private, &[]] {
        let mut body = whole(ada.handle());
        body["visible_fields"] = json!(shown);
        let written = put(&ada, "*", body.clone()).await.expect(200);
        assert_eq!(written.json["visible_fields"], json!(shown));
        for person in [&bob, &Person::anonymous()] {
            let seen = person.get(&path).await.expect(200).json;
            for field in private {
                let expected = if shown.contains(&field) { body[field].clone() } else { Value::Null };
                assert_eq!(seen[field], expected, "{field} of {shown:?}");
            }
        }
        assert_eq!(ada.get(&path).await.expect(200).json, written.json);
    }
    // Twice is once, and left out is none.
    let twice = json!({"handle": ada.handle(), "visible_fields": ["city", "age", "city"]});
    assert_eq!(put(&ada, "*", twice).await.expect(200).json["visible_fields"], json!(["age", "city"]));
    assert_eq!(put(&ada, "*", whole(ada.handle())).await.expect(200).json["visible_fields"], json!([]));
}

/// Whatever SQL a function sends, it cannot read what is private of others: the columns are not granted to it.
#[tokio::test]
async fn the_database_shows_private_columns_to_no_function() {
    let client = database::connect(&database::functions_url()).await;
    for column in ["age", "gender", "city", "country", "kept", "*"] {
        let error = client.query(&format!("select {column} from profiles"), &[]).await.expect_err(column);
        assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("42501"), "{column}: {error}");
    }
    let error = client.query("select from profiles where age > 17", &[]).await.expect_err("not even to compare");
    assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("42501"));
}

#[tokio::test]
async fn a_taken_handle_changes_nothing() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let before = ada.get(PATH).await.expect(200);
    let body = json!({"handle": bob.handle().to_uppercase(), "bio": "I am Bob."});
    let reply = put(&ada, &before.etag(), body).await.expect_problem(409, "handle_taken");
    assert_eq!(reply.pointers(), ["/handle"]);
    let after = ada.get(PATH).await.expect(200);
    assert_eq!((after.json.clone(), after.etag()), (before.json.clone(), before.etag()));
    // One's own is no one else's.
    let _ = put(&ada, &after.etag(), json!({"handle": ada.handle()})).await.expect(200);
}

#[tokio::test]
async fn of_many_who_want_a_handle_at_once_one_gets_it() {
    let handle = unique_handle();
    let people = together((0..6).map(|_| Person::register())).await;
    let replies = together(people.into_iter().map(|person| {
        let body = json!({"handle": handle});
        async move { put(&person, "*", body).await }
    }));
    let (won, lost): (Vec<_>, Vec<_>) = replies.await.into_iter().partition(|reply| reply.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 5));
    for reply in lost {
        let _ = reply.expect_problem(409, "handle_taken");
    }
}

#[tokio::test]
async fn it_is_written_upon_what_was_read() {
    let ada = Person::register().await;
    let body = whole(ada.handle());
    let reply = ada.put(PATH, body.clone()).await;
    let _ = reply.expect_problem(428, "precondition_required");
    let etag = ada.get(PATH).await.expect(200).etag();
    let written = put(&ada, &etag, body.clone()).await.expect(200);
    for stale in [etag.as_str(), "\"0\"", "\"x\"", "nonsense"] {
        let _ = put(&ada, stale, json!({"handle": ada.handle()})).await.expect_problem(412, "stale");
    }
    assert_eq!(ada.get(PATH).await.expect(200).json, written.json);
    let _ = put(&ada, &written.etag(), body.clone()).await.expect(200);
    let _ = put(&ada, "*", body).await.expect(200);
}

#[tokio::test]
async fn of_writers_with_the_same_etag_one_wins() {
    let ada = Person::register().await;
    let etag = ada.get(PATH).await.expect(200).etag();
    let replies = together((0..10).map(|index| {
        let (ada, etag) = (ada.clone(), etag.clone());
        async move { put(&ada, &etag, json!({"handle": ada.handle(), "age": index})).await }
    }));
    let (won, lost): (Vec<_>, Vec<_>) = replies.await.into_iter().partition(|reply| reply.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 9));
    for reply in lost {
        let _ = reply.expect_problem(412, "stale");
    }
    assert_eq!(ada.get(PATH).await.expect(200).json, won[0].json);
}

#[tokio::test]
async fn nobody_elses_profile_is_written() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let path = format!("/v1/profiles/{}", bob.handle());
    let before = bob.get(PATH).await.expect(200);
    let reply = ada.send_with("PUT", &path, &[("if-match", "*")], whole(ada.handle())).await;
    assert!([404, 405].contains(&reply.status));
    let _ = put(&ada, &before.etag(), whole(ada.handle())).await.expect(200);
    assert_eq!(bob.get(PATH).await.expect(200).json, before.json);
}

#[tokio::test]
async fn what_was_registered_can_be_written_back() {
    let mut ada = Person::anonymous();
    let body = json!({
        "email": format!("{}@example.com", Uuid::new_v4()), "password": "correct horse battery", "name": "ü".repeat(200)
    });
    let made = ada.post("/v1/users", body).await.expect(201);
    ada.token = made.json["session"]["token"].as_str().map(str::to_owned);
    let read = ada.get(PATH).await.expect(200);
    let mut body = json!({});
    for field in ["handle", "display_name", "bio", "age", "gender", "city", "country"] {
        body[field] = read.json[field].clone();
    }
    let written = put(&ada, &read.etag(), body).await.expect(200);
    assert_eq!(written.json["display_name"], read.json["display_name"]);
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let before = ada.get(PATH).await.expect(200);
    ada.expect_strict("PUT", PATH, whole(ada.handle())).await;
    ada.expect_invalid(
        "PUT",
        PATH,
        &whole(ada.handle()),
        &[
            ("/handle", json!("")),
            ("/handle", json!("a")),
            ("/handle", json!("a".repeat(33))),
            ("/handle", json!("ada lovelace")),
            ("/handle", json!("ada\u{0}")),
            ("/handle", json!("../me")),
            ("/handle", json!("ме")),
            ("/handle", json!("ＡＤＡ")),
            ("/handle", json!("me")),
            ("/handle", json!("Admin")),
            ("/handle", json!("support")),
            ("/handle", json!("Billing")),
            ("/handle", json!("no-reply")),
            ("/handle", Value::Null),
            ("/handle", json!("x".repeat(1_000_000))),
            ("/display_name", json!("")),
            ("/display_name", json!("x".repeat(201))),
            ("/display_name", json!("\u{0}")),
            ("/bio", json!("x".repeat(2001))),
            ("/bio", json!("a\u{0}")),
            ("/bio", json!(["a"])),
            ("/age", json!(-1)),
            ("/age", json!(151)),
            ("/age", json!(36.5)),
            ("/age", json!("36")),
            ("/age", json!(1e300)),
            ("/age", json!(9_223_372_036_854_775_807_i64)),
            ("/gender", json!("x".repeat(51))),
            ("/gender", json!("\u{0}")),
            ("/city", json!("x".repeat(101))),
            ("/city", json!("\u{0}")),
            ("/country", json!(" ")),
            ("/country", json!("\u{0}")),
            ("/visible_fields", Value::Null),
            ("/visible_fields", json!("city")),
            ("/user_id", json!(Uuid::now_v7())),
            ("/avatar", Value::Null),
            ("/revision", json!(1)),
        ],
    )
    .await;
    for wrong in ["bio", "City", ""] {
        let body = json!({"handle": ada.handle(), "visible_fields": ["age", wrong]});
        let reply = put(&ada, "*", body).await.expect_problem(422, "invalid");
        assert!(reply.pointers()[0].starts_with("/visible_fields"), "{wrong}: {}", reply.json);
    }
    let reply = put(&ada, "*", json!({})).await.expect_problem(422, "invalid");
    assert_eq!(reply.json["errors"].as_array().map(Vec::len), Some(1));
    assert_eq!(ada.get(PATH).await.expect(200).etag(), before.etag());
}

#[tokio::test]
async fn odd_characters_are_kept() {
    let ada = Person::register().await;
    let odd = "\u{202e}\u{feff}e\u{301}\u{1f469}\u{200d}\u{1f680}\u{fffd}\u{10ffff}'\"\\%_$1;--\r\n\u{1}<b>";
    let body = json!({
        "handle": ada.handle(), "display_name": odd, "bio": odd, "gender": odd, "city": odd, "country": odd, "age": null
    });
    let written = put(&ada, "*", body.clone()).await.expect(200);
    for field in ["display_name", "bio", "gender", "city", "country"] {
        assert_eq!(written.json[field], body[field], "{field}");
    }
}
