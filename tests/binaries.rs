//! Every function as the process that it is on Lambda, under a Runtime API.

use std::net::TcpListener;

use harness::{
    Person, Reply, Value, database, json, pictures,
    runtime_api::{Event, Function, RuntimeApi, run_to_end, run_with},
    server::Server,
};
use shared::{Access, Entry, Storage};

/// Nobody listens there.
const AWAY: &str = "postgres://nobody:nothing@127.0.0.1:1/nowhere";

const BUCKET: [&str; 5] = ["S3_BUCKET", "S3_REGION", "S3_ENDPOINT", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"];

/// The variables of a function with this database and the tests' bucket.
fn variables(database_url: &str) -> Vec<(String, String)> {
    let bucket = BUCKET.map(|name| (name.to_owned(), std::env::var(name).unwrap_or_default()));
    std::iter::once(("DATABASE_URL".to_owned(), database_url.to_owned())).chain(bucket).collect()
}

fn borrowed(variables: &[(String, String)]) -> Vec<(&str, &str)> {
    variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn start(name: &str, database_url: &str) -> Function {
    Function::start(name, &borrowed(&variables(database_url)))
}

fn entry(name: &str) -> Entry {
    functions::endpoints().into_iter().find(|entry| entry.name == name).expect("an endpoint")
}

/// A program that cannot work says so in one line of its log, and ends.
async fn expect_refusal(name: &str, variables: &[(&str, &str)], expected: &str) {
    let output = run_to_end(name, variables).await;
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{name} without {expected} ended well: {log}");
    assert!(log.contains(expected) && log.lines().count() == 1, "{name} without {expected} says: {log}");
}

/// The server of this test takes connections and never says a word, and functions would wait for it for an hour.
#[tokio::test]
async fn every_function_asks_for_work_before_the_database_answers_and_turns_strangers_away() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("postgres://nobody:nothing@{}/nowhere", silent.local_addr().expect("an address"));
    let mut variables = variables(&url);
    variables.push(("DATABASE_TIMEOUT".to_owned(), "3600000".to_owned()));
    for entry in functions::endpoints() {
        let function = Function::start(&entry.name, &borrowed(&variables));
        function.polled().await;
        if entry.route.access == Access::SignedIn {
            let event = Event::to_anything(&entry);
            let reply = function.call(&event).await.expect_problem(401, "unauthenticated");
            assert_eq!(reply.header("www-authenticate"), "Bearer", "{}", entry.name);
            let event = event.header("authorization", "Basic YWRhOnNlY3JldA==");
            let _ = function.call(&event).await.expect_problem(401, "unauthenticated");
        }
    }
}

#[tokio::test]
async fn what_needs_no_database_needs_no_variables() {
    for entry in functions::endpoints().iter().filter(|entry| !entry.route.database) {
        let function = Function::start(&entry.name, &[]);
        let _ = function.call(&Event::to_anything(entry)).await.expect(200);
    }
}

#[tokio::test]
async fn a_missing_variable_ends_a_function_at_once_with_its_name() {
    let all = variables(AWAY);
    let without = |name: &str| all.iter().filter(|(known, _)| known != name).cloned().collect::<Vec<_>>();
    for entry in functions::endpoints() {
        let mut missing = Vec::new();
        missing.extend(entry.route.database.then_some("DATABASE_URL"));
        if entry.route.storage != Storage::None {
            missing.extend(["S3_BUCKET", "S3_REGION"]);
        }
        for name in missing {
            expect_refusal(&entry.name, &borrowed(&without(name)), name).await;
        }
    }
    expect_refusal("artifacts-read", &borrowed(&without("S3_ACCESS_KEY_ID")), "S3_ACCESS_KEY_ID").await;
    for (name, value) in [("DATABASE_URL", "postgres"), ("DATABASE_POOL_SIZE", "many"), ("S3_ENDPOINT", "localhost")] {
        let mut variables = without(name);
        variables.push((name.to_owned(), value.to_owned()));
        expect_refusal("artifacts-read", &borrowed(&variables), name).await;
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_503_and_says_when_to_come_back() {
    let bodies = [
        ("users-create", json!({"email": "ada@example.com", "password": "correct horse battery"})),
        ("sessions-create", json!({"email": "ada@example.com", "password": "correct horse battery"})),
        ("artifacts-create", json!({"title": "A clock"})),
        ("chats-create", json!({})),
        ("messages-create", json!({"role": "user", "content": "Hello"})),
    ];
    for entry in functions::endpoints().iter().filter(|entry| entry.route.database) {
        let mut event = Event::to_anything(entry).token("atelier_whatever");
        if entry.route.takes_body() {
            let Some((_, body)) = bodies.iter().find(|(name, _)| *name == entry.name) else { continue };
            event = event.body(body);
        }
        let function = start(&entry.name, AWAY);
        let reply = function.call(&event).await.expect_problem(503, "unavailable");
        assert!(!reply.header("retry-after").is_empty(), "{}", entry.name);
        assert!(!reply.json.to_string().contains("127.0.0.1"), "{} shows an address", entry.name);
    }
}

/// A person whose account was made by the API in this process, and the database that functions share with it.
async fn person() -> (Person, String) {
    (Person::register().await, database::functions_url())
}

#[tokio::test]
async fn a_person_registers_and_is_known_to_another_function() {
    let url = database::functions_url();
    let create = entry("users-create");
    let email = format!("{}@example.com", uuid::Uuid::new_v4().simple());
    let new = json!({"email": email, "password": "correct horse battery", "name": "Ada"});
    let event = Event::to(&create, &[]).body(&new).header("idempotency-key", &email);
    let function = start("users-create", &url);
    let reply = function.call(&event).await.expect(201);
    let again = function.call(&event).await.expect(201);
    assert_eq!(reply.bytes, again.bytes, "the same key gives the same reply, byte for byte");
    let token = reply.json["session"]["token"].as_str().expect("a token").to_owned();

    let read = entry("users-read");
    let function = start("users-read", &url);
    let reply = function.call(&Event::to(&read, &[]).token(&token)).await.expect(200);
    assert_eq!(reply.json["email"], email.as_str());

    // The address is the gateway's word, not the caller's.
    let list = entry("sessions-list");
    let function = start("sessions-list", &url);
    let event = Event::to(&list, &[]).token(&token).header("x-forwarded-for", "198.51.100.1");
    let reply = function.call(&event).await.expect(200);
    assert_eq!(reply.json["items"][0]["ip_address"], "203.0.113.9");
}

#[tokio::test]
async fn an_artifact_is_read_with_its_etag() {
    let (ada, url) = person().await;
    let id = ada.create_artifact("private", "tick()\n").await.id();
    let read = entry("artifacts-read");
    let function = start("artifacts-read", &url);
    let event = Event::to(&read, &[("id", &id)]);
    let _ = function.call(&event).await.expect_problem(404, "not_found");
    let event = event.token(ada.token.as_deref().expect("a token"));
    let reply = function.call(&event).await.expect(200);
    assert_eq!(reply.json["id"], id.as_str());
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    let event = event.header("if-none-match", &reply.etag());
    let reply = function.call(&event).await.expect(304);
    assert!(reply.bytes.is_empty());
    let malformed = Event::to(&read, &[("id", "7")]);
    let _ = function.call(&malformed).await.expect_problem(400, "malformed");

    let list = entry("artifacts-list");
    let function = start("artifacts-list", &url);
    let path = "/v1/artifacts?limit=1&owner=me&type=code";
    let event = Event::to_path(list.route.method, path, &[]).token(ada.token.as_deref().expect("a token"));
    let reply = function.call(&event).await.expect(200);
    assert_eq!(reply.json["items"][0]["id"], id.as_str());
    let hostile = Event::to_path("GET", "/v1/artifacts?owner=a b\"<é>%ff&limit=1", &[]);
    assert!(function.call(&hostile).await.status < 500);
}

/// API Gateway decodes the parameters of a path and names the route; `cargo lambda watch` does neither.
#[tokio::test]
async fn a_path_is_decoded_once_whoever_decodes_it() {
    let (ada, url) = person().await;
    let read = entry("versions-file");
    let function = start("versions-file", &url);
    let token = ada.token.as_deref().expect("a token");
    let names = [
        ("src/a b.txt", "src/a%20b.txt"),
        ("100%25.txt", "100%2525.txt"),
        ("50%.txt", "50%25.txt"),
        ("naïve/時計?#.txt", "na%C3%AFve/%E6%99%82%E8%A8%88%3F%23.txt"),
        ("a+b.txt", "a+b.txt"),
    ];
    let files: Vec<Value> =
        names.iter().map(|(path, _)| json!({"path": path, "content": format!("{path}\n")})).collect();
    let new = json!({"title": "Names", "version": {"files": files}});
    let id = ada.post("/v1/artifacts", new).await.expect(201).id();
    for (name, encoded) in names {
        let decoded = Event::to(&read, &[("id", &id), ("version", "1"), ("path", name)]);
        let path = format!("/v1/artifacts/{id}/versions/1/files/{encoded}");
        let undecoded = Event::to_path("GET", &path, &[("id", &id), ("version", "1"), ("path", encoded)]);
        for event in [decoded, undecoded] {
            let reply = function.call(&event.token(token)).await.expect(200);
            assert_eq!(reply.json["path"], name);
            assert_eq!(reply.json["content"], format!("{name}\n"));
        }
    }
}

/// Declared by one function, sent to the bucket, completed by another: that one calls the bucket itself.
#[tokio::test]
async fn an_upload_goes_through_the_bucket() {
    let (ada, url) = person().await;
    let token = ada.token.as_deref().expect("a token");
    let picture = pictures::png(8, 8);
    let new = json!({
        "purpose": "screenshot", "filename": "clock.png", "content_type": "image/png", "size": picture.len(),
        "sha256": shared::text::Sha256::of(&picture).to_string()
    });
    let event = Event::to(&entry("uploads-create"), &[]).token(token).body(&new);
    let declared = start("uploads-create", &url).call(&event).await.expect(201);
    let _ = ada.send_part(&declared.json["parts"][0], picture.clone()).await.expect(200);
    let event = Event::to(&entry("uploads-complete"), &[("id", &declared.id())]).token(token).body(&json!({}));
    let completed = start("uploads-complete", &url).call(&event).await.expect(200);
    assert_eq!(completed.json["state"], "ready");
    let fetched = ada.fetch(&completed.json["blob"]["url"]).await.expect(200);
    assert_eq!(fetched.bytes, picture);
}

/// One process with `AWS_LAMBDA_MAX_CONCURRENCY`: requests that wait for a lock do not keep others from being answered.
#[tokio::test]
async fn one_process_serves_several_requests_at_once() {
    let (_, url) = database::create_migrated().await;
    let name = url.rsplit('/').next().expect("a database").to_owned();
    let api = Server::start(url.clone());
    let ada = Person::register_at(&api.url).await;
    let id = ada.create_artifact("public", "tick()\n").await.id();
    let mut variables = variables(&url);
    variables.push(("AWS_LAMBDA_MAX_CONCURRENCY".to_owned(), "4".to_owned()));
    let function = Function::start("artifacts-read", &borrowed(&variables));
    function.polled_times(4).await;

    let superuser = database::connect(&database::url(None, &name)).await;
    superuser.batch_execute("begin; lock table artifacts").await.expect("locked");
    let read = entry("artifacts-read");
    let event = Event::to(&read, &[("id", &id)]).token(ada.token.as_deref().expect("a token"));
    let waiting: Vec<_> = (0..3).map(|_| function.call(&event)).collect();
    let waiters = "select count(*) from pg_locks where relation = 'artifacts'::regclass and not granted";
    until(async || superuser.query_one(waiters, &[]).await.expect("a count").get::<_, i64>(0) == 3).await;
    let malformed = Event::to(&read, &[("id", "7")]);
    let _ = function.call(&malformed).await.expect_problem(400, "malformed");
    superuser.batch_execute("commit").await.expect("unlocked");
    for reply in waiting {
        let reply: Reply = reply.await.expect(200);
        assert_eq!(reply.json["id"], id.as_str());
    }
}

/// Between requests Lambda freezes a process, and its connections die without its knowing.
#[tokio::test]
async fn a_process_that_was_frozen_answers_at_once() {
    let (_, url) = database::create_migrated().await;
    let name = url.rsplit('/').next().expect("a database").to_owned();
    let api = Server::start(url.clone());
    let ada = Person::register_at(&api.url).await;
    let superuser = database::connect(&database::superuser_url()).await;
    let read = entry("users-read");
    let event = Event::to(&read, &[]).token(ada.token.as_deref().expect("a token"));
    let function = start("users-read", &url);
    let _ = function.call(&event).await.expect(200);
    for _ in 0..10 {
        function.signal("STOP");
        let kill = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1";
        superuser.execute(kill, &[&name]).await.expect("killed");
        let left = "select count(*) from pg_stat_activity where datname = $1";
        until(async || superuser.query_one(left, &[&name]).await.expect("a count").get::<_, i64>(0) == 0).await;
        // It wakes to the request and to the end of its connections at the same moment.
        let reply = function.call(&event);
        function.signal("CONT");
        let _ = reply.await.expect(200);
    }
}

/// Waits until something is so.
async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), wait).await.expect("what was waited for never came");
}

/// What a program printed, where it ended well.
async fn output_of(name: &str, variables: &[(&str, &str)]) -> String {
    let output = run_to_end(name, variables).await;
    assert!(output.status.success(), "{name} failed: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn the_migrations_are_applied_by_hand() {
    let (owner, functions) = database::create().await;
    let variables = [("OWNER_DATABASE_URL", owner.as_str()), ("DATABASE_URL", functions.as_str())];
    let report = output_of("migrate", &variables).await;
    assert!(report.starts_with("Applied V1__roles_and_identity, "), "{report}");
    let report = output_of("migrate", &variables).await;
    assert_eq!(report, format!("The schema is up to date. The functions log in as {}.\n", database::LOGIN));
    let _ = start("service-health", &functions).call(&Event::to(&entry("service-health"), &[])).await.expect(200);

    expect_refusal("migrate", &[variables[1]], "OWNER_DATABASE_URL").await;
    expect_refusal("migrate", &[variables[0]], "DATABASE_URL").await;
    expect_refusal("migrate", &[("OWNER_DATABASE_URL", AWAY), variables[1]], "the migrations were not applied").await;
}

#[tokio::test]
async fn the_sweep_runs_by_hand_and_on_a_schedule() {
    let (owner, functions) = database::create().await;
    let name = owner.rsplit('/').next().expect("a database");
    let jobs = database::url(Some(database::JOBS), name);
    let mut all = variables(&functions);
    all.push(("OWNER_DATABASE_URL".to_owned(), owner.clone()));
    all.push(("JOBS_DATABASE_URL".to_owned(), jobs));
    let report = output_of("migrate", &borrowed(&all)).await;
    let expected = format!(" The functions log in as {}. The jobs log in as {}.\n", database::LOGIN, database::JOBS);
    assert!(report.ends_with(&expected), "{report}");

    // The bucket is everyone's: only what this person has in it may go.
    let pool = shared::database::Database::new(&database::config(functions)).expect("a pool");
    let person = Person::register_at(&Server::with(pool, functions::endpoints()).url).await;
    let _ = person.upload("file", "text/plain", uuid::Uuid::new_v4().as_bytes()).await;
    let behind = database::connect(&database::url(None, name)).await;
    let aged = "update uploads set expires_at = now() - interval '2 hours'; update sessions set expires_at = now() - interval '1 hour'";
    behind.batch_execute(aged).await.expect("aged");
    let prefix = format!("blobs/{}/", person.id());
    let removed =
        "1 uploads, 1 sessions, 0 idempotency keys, 0 blobs (0 more are marked), 0 objects, 0 multipart uploads.\n";
    let output = run_with("sweep", &["--dry-run", "--prefix", &prefix], &borrowed(&all)).await;
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("Would sweep 0 silent runs, 0 artifacts, {removed}"));
    let output = run_with("sweep", &["--prefix", &prefix], &borrowed(&all)).await;
    let removed = removed.replace("(0 more", "(1 more");
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("Swept 0 silent runs, 0 artifacts, {removed}"));
    for wrong in [["--prefix", "exports/"], ["--force", "--dry-run"]] {
        assert!(!run_with("sweep", &wrong, &borrowed(&all)).await.status.success(), "{wrong:?}");
    }
    let answer = Function::start("sweep", &borrowed(&all)).invoke(&Event::of(json!({"dry_run": true}))).await;
    assert!(answer.is_ok, "{}", answer.json);
    assert!(
        answer.json["report"]
            .as_str()
            .is_some_and(|report| report.starts_with("Would sweep 0 silent runs, 0 artifacts")),
        "{}",
        answer.json
    );

    for name in ["JOBS_DATABASE_URL", "S3_BUCKET"] {
        let missing: Vec<_> = all.iter().filter(|(known, _)| known != name).cloned().collect();
        expect_refusal("sweep", &borrowed(&missing), name).await;
    }
}

/// CloudFormation waits for a PUT to the URL that it gives along, whatever happens.
#[tokio::test]
async fn the_migrations_are_applied_on_deploy() {
    let (owner, functions) = database::create().await;
    let good = [("OWNER_DATABASE_URL", owner.as_str()), ("DATABASE_URL", functions.as_str())];
    let bad = [("OWNER_DATABASE_URL", AWAY), ("DATABASE_URL", functions.as_str())];

    let response = deploy("Create", &good).await;
    assert_eq!(response["Status"], "SUCCESS", "{response}");
    assert!(response["Reason"].as_str().expect("a reason").starts_with("Applied V1"), "{response}");
    assert_eq!(response["PhysicalResourceId"], "atelier-migrations");
    for name in ["StackId", "RequestId", "LogicalResourceId"] {
        assert_eq!(response[name], format!("the {name}"));
    }
    let response = deploy("Update", &good).await;
    assert_eq!(response["Status"], "SUCCESS", "{response}");
    let response = deploy("Update", &bad).await;
    assert_eq!(response["Status"], "FAILED", "{response}");
    assert!(response["Reason"].as_str().is_some_and(|reason| !reason.contains("nothing")), "no password: {response}");
    // Even where the database is gone: a stack must always be deletable.
    let response = deploy("Delete", &bad).await;
    assert_eq!(response["Status"], "SUCCESS", "{response}");

    let function = Function::start("migrate", &good);
    let answer = function.invoke(&Event::of(json!({}))).await;
    let report = format!("The schema is up to date. The functions log in as {}.", database::LOGIN);
    assert_eq!(answer.json["report"], report);
}

/// Runs the migrations as a custom resource, and gives what CloudFormation is told.
async fn deploy(request: &str, variables: &[(&str, &str)]) -> Value {
    let (told, mut hears) = tokio::sync::mpsc::channel(1);
    let take = async move |headers: http::HeaderMap, body: String| {
        assert_eq!(
            headers.get("content-type").map(http::HeaderValue::as_bytes),
            Some(b"".as_slice()),
            "as it is signed"
        );
        told.send(body).await.expect("someone listens");
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/response?X-Amz-Signature=abc", listener.local_addr().expect("an address"));
    let router = axum::Router::new().route("/response", axum::routing::put(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let event = Event::of(json!({
        "RequestType": request, "ResponseURL": url, "ResourceType": "Custom::Migrations", "ResourceProperties": {},
        "StackId": "the StackId", "RequestId": "the RequestId", "LogicalResourceId": "the LogicalResourceId"
    }));
    let api = RuntimeApi::start();
    let answer = api.invoke(&event);
    let function = Function::start_at(api, "migrate", variables);
    let answer = answer.await.expect("it answers");
    assert!(answer.is_ok, "{}", answer.json);
    drop(function);
    let body: String = hears.recv().await.expect("CloudFormation is told");
    serde_json::from_str(&body).expect("JSON")
}
