//! What goes wrong around a request: the database away, killed, or behind a pooler.

use harness::{Person, Reply, database, json, server::Server};
use shared::database::Database;

#[tokio::test]
async fn a_database_that_is_away_is_503_and_says_when_to_come_back() {
    let mut config = database::config("postgres://nobody:nothing@127.0.0.1:1/nowhere".to_owned());
    config.timeout = std::time::Duration::from_secs(2);
    let server = Server::with(Database::new(&config).expect("a pool"), functions::endpoints());
    let nobody = Person::anonymous_at(&server.url);
    let reply = nobody.get("/v1/health").await.expect_problem(503, "unavailable");
    assert_eq!(reply.header("retry-after"), "2");
    assert!(!String::from_utf8_lossy(&reply.bytes).contains("127.0.0.1"), "no address is shown");
    // What needs no database works on.
    let _ = nobody.get("/").await.expect(200);
}

/// A pool of one whose connection is killed again and again: reads never notice.
#[tokio::test]
async fn a_killed_connection_is_replaced() {
    let (_, url) = database::create_migrated().await;
    let name = url.rsplit('/').next().expect("a database").to_owned();
    let mut config = database::config(url.clone());
    config.pool_size = 1;
    let server = Server::with(Database::new(&config).expect("a pool"), functions::endpoints());
    let person = Person::register_at(&server.url).await;
    let superuser = database::connect(&database::superuser_url()).await;
    for _ in 0..5 {
        let _ = person.get("/v1/users/me").await.expect(200);
        superuser
            .execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", &[&name])
            .await
            .expect("killed");
        let _ = person.get("/v1/users/me").await.expect(200);
    }
}

/// With no named statements, as behind a pooler that knows none, everything works the same.
#[tokio::test]
async fn it_works_without_named_statements() {
    let url = database::functions_url();
    let mut config = database::config(url);
    config.named_statements = false;
    let server = Server::with(Database::new(&config).expect("a pool"), functions::endpoints());
    harness::main_job::run(&server.url).await;
}

/// A statement that fails halfway takes everything before it along.
#[tokio::test]
async fn a_request_that_fails_leaves_nothing_behind() {
    let person = Person::register().await;
    let missing = "0".repeat(64);
    let title = uuid::Uuid::new_v4().to_string();
    let body = json!({"title": title, "version": {"files": [{"path": "a", "content": title}, {"path": "b", "sha256": missing}]}});
    let reply = person.post("/v1/artifacts", body).await.expect_problem(422, "invalid_reference");
    assert_eq!(reply.pointers(), ["/version/files/1/sha256"]);
    let behind = database::behind().await;
    let rows = behind.query("select from artifacts where title = $1", &[&title]).await.expect("a look");
    assert_eq!(rows.len(), 0);
    let rows = behind.query("select from blobs where user_id = $1::text::uuid", &[&person.id()]).await.expect("a look");
    assert_eq!(rows.len(), 0);
}

/// Many at once on a small pool: all are answered, in turn.
#[tokio::test]
async fn more_requests_than_connections_wait_for_their_turn() {
    let mut config = database::config(database::functions_url());
    config.pool_size = 2;
    let server = Server::with(Database::new(&config).expect("a pool"), functions::endpoints());
    let person = Person::register_at(&server.url).await;
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let request = person.request("GET", "/v1/users/me");
            tokio::spawn(async move { Reply::to(request).await.expect(200) })
        })
        .collect();
    for request in requests {
        assert_eq!(request.await.expect("no panic").json["id"], person.user["id"]);
    }
}
