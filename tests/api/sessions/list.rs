//! GET /v1/sessions

use harness::{Person, Reply, Value, database, json};
use uuid::Uuid;

const PATH: &str = "/v1/sessions";

async fn current(person: &Person) -> Value {
    let sessions = person.walk(PATH).await;
    sessions.into_iter().find(|session| session["is_current"] == true).expect("the one that asks")
}

fn id(session: &Value) -> Uuid {
    session["id"].as_str().expect("an id").parse().expect("a UUID")
}

#[tokio::test]
async fn the_newest_comes_first() {
    let ada = Person::register().await;
    let _ = Person::register().await;
    let (second, third) = (ada.sign_in().await, ada.sign_in().await);
    let sessions = second.get(PATH).await.expect(200);
    let items = sessions.json["items"].as_array().expect("items");
    assert_eq!(items.iter().map(|item| &item["is_current"]).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(items[0]["id"], current(&third).await["id"]);
    assert_eq!(items[2]["id"], current(&ada).await["id"]);
    assert_eq!(sessions.json["next_cursor"], Value::Null);
    let mut fields: Vec<&String> = items[0].as_object().expect("a session").keys().collect();
    fields.sort();
    assert_eq!(
        fields,
        ["created_at", "expires_at", "id", "ip_address", "is_current", "last_activity_at", "user_agent"]
    );
}

#[tokio::test]
async fn pages_follow_each_other() {
    let ada = Person::register().await;
    for _ in 0..4 {
        let _ = ada.sign_in().await;
    }
    // Some of the same moment, so that only their ids tell them apart.
    let user: Uuid = ada.id().parse().expect("a UUID");
    let same = "update sessions set created_at = date_trunc('hour', created_at) where user_id = $1";
    database::behind().await.execute(same, &[&user]).await.expect("it can be set");
    let whole = ada.walk(PATH).await;
    assert_eq!(whole.len(), 5);
    for limit in [1, 2, 4, 5] {
        assert_eq!(ada.walk(&format!("{PATH}?limit={limit}")).await, whole);
    }
    let last = ada.get(&format!("{PATH}?limit=5")).await.expect(200);
    assert_eq!(last.json["next_cursor"], Value::Null);
}

#[tokio::test]
async fn it_says_from_where() {
    let ada = Person::register().await;
    let credentials = json!({"email": ada.user["email"], "password": ada.password});
    for (sent, kept) in [
        ("Browser/1.0".as_bytes(), json!("Browser/1.0")),
        ("x".repeat(600).as_bytes(), json!("x".repeat(512))),
        // Not text: HTTP allows it, and we cannot show it.
        (&b"Browser/\xff"[..], Value::Null),
    ] {
        let nobody = Person::anonymous();
        let request = nobody.request("POST", PATH).header("user-agent", sent).json(&credentials);
        let _ = Reply::to(request).await.expect(201);
        let sessions = ada.get(&format!("{PATH}?limit=1")).await.expect(200);
        assert_eq!(sessions.json["items"][0]["user_agent"], kept);
        assert_eq!(sessions.json["items"][0]["ip_address"], "127.0.0.1");
    }
}

#[tokio::test]
async fn what_has_ended_is_neither_listed_nor_let_in() {
    let ada = Person::register().await;
    let (expired, revoked) = (ada.sign_in().await, ada.sign_in().await);
    let behind = database::behind().await;
    let (expired_id, revoked_id) = (id(&current(&expired).await), id(&current(&revoked).await));
    let expire = "update sessions set expires_at = now() where id = $1";
    behind.execute(expire, &[&expired_id]).await.expect("it can be set");
    let revoke = "update sessions set is_active = false where id = $1";
    behind.execute(revoke, &[&revoked_id]).await.expect("it can be set");
    for ended in [&expired, &revoked] {
        let _ = ended.get(PATH).await.expect_problem(401, "unauthenticated");
        let _ = ended.get("/v1/profiles/me").await.expect_problem(401, "unauthenticated");
        let reply = ended.post("/v1/chats", json!({})).await;
        let _ = reply.expect_problem(401, "unauthenticated");
    }
    let sessions = ada.walk(PATH).await;
    assert_eq!((sessions.len(), &sessions[0]["is_current"]), (1, &json!(true)));
}

#[tokio::test]
async fn activity_is_noted_at_most_once_a_minute() {
    let ada = Person::register().await;
    let session = id(&current(&ada).await);
    let behind = database::behind().await;
    let put_back = async |seconds: f64| {
        let put_back = "update sessions set last_activity_at = now() - $2 * interval '1 second' where id = $1";
        behind.execute(put_back, &[&session, &seconds]).await.expect("it can be set");
        version(&behind, session).await
    };
    let recent = put_back(30.0).await;
    let _ = ada.get("/v1/users/me").await.expect(200);
    assert_eq!(version(&behind, session).await, recent);

    let old = put_back(90.0).await;
    let _ = ada.get("/v1/users/me").await.expect(200);
    let noted = version(&behind, session).await;
    assert_ne!(noted, old);
    for path in ["/v1/users/me", PATH, "/v1/profiles/me"] {
        let _ = ada.get(path).await.expect(200);
    }
    assert_eq!(version(&behind, session).await, noted);
    let recent = "select count(*) from sessions where id = $1 and last_activity_at > now() - interval '1 minute'";
    assert_eq!(database::number(recent, &[&session]).await, 1);
}

/// Which transaction wrote a session's row last.
async fn version(behind: &tokio_postgres::Client, session: Uuid) -> String {
    let version = "select xmin::text from sessions where id = $1";
    behind.query_one(version, &[&session]).await.expect("the query works").get(0)
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let ada = Person::register().await;
    for (query, pointer) in [
        ("limit=0", "/query/limit"),
        ("limit=101", "/query/limit"),
        ("limit=-1", "/query/limit"),
        ("limit=1.5", "/query/limit"),
        ("limit=", "/query/limit"),
        ("limit=99999999999999999999", "/query/limit"),
        ("cursor=", "/query/cursor"),
        ("cursor=nonsense", "/query/cursor"),
        ("cursor=%F0%9F%92%A3", "/query/cursor"),
        ("cursor=%00", "/query"),
        ("cursor=AAAA", "/query/cursor"),
        ("cursor=f_________________________________", "/query/cursor"),
        ("offset=1", "/query/offset"),
    ] {
        let reply = ada.get(&format!("{PATH}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer], "{query}");
    }
    let _ = Person::anonymous().get(PATH).await.expect_problem(401, "unauthenticated");
}
