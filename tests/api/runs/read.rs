//! GET /v1/runs/{id}

use harness::{Person, Reply, json};
use uuid::Uuid;

/// A run's path and its ETag.
async fn new_run(person: &Person) -> (String, String) {
    let run = person.create_run().await;
    (format!("/v1/runs/{}", run.id()), run.etag())
}

async fn advance(person: &Person, path: &str, to: &str) -> Reply {
    person.post(&format!("{path}/transitions"), json!({ "to": to })).await.expect(200)
}

/// What comes of this, if it comes before somebody who waits in vain has waited for as long as one may.
async fn before_a_wait_ends<T>(person: &Person, sooner: impl Future<Output = T>) -> T {
    let (path, etag) = new_run(person).await;
    let in_vain = format!("{path}?after={etag}&wait=20");
    tokio::select! {
        biased;
        sooner = sooner => sooner,
        _ = person.get(&in_vain) => panic!("it waited until the end"),
    }
}

#[tokio::test]
async fn a_run_is_read_as_it_was_made() {
    let ada = Person::register().await;
    let made = ada.create_run().await;
    let path = format!("/v1/runs/{}", made.id());
    for query in ["", "?wait=20", "?after=\"1-0\"", "?after=2-a&wait=0"] {
        let read = ada.get(&format!("{path}{query}")).await.expect(200);
        assert_eq!((&read.json, read.etag()), (&made.json, made.etag()), "{query}");
    }
    let _ = Reply::to(ada.request("GET", &path).header("if-none-match", made.etag())).await.expect(304);
}

#[tokio::test]
async fn who_waits_hears_of_each_change() {
    let ada = Person::register().await;
    let (path, mut etag) = new_run(&ada).await;
    for to in ["requirements", "architecture"] {
        let wait = format!("{path}?after={etag}&wait=20");
        let news = async { tokio::join!(ada.get(&wait), advance(&ada, &path, to)) };
        let (news, moved) = before_a_wait_ends(&ada, news).await;
        assert_eq!((&news.expect(200).json, moved.etag() == etag), (&moved.json, false));
        etag = moved.etag();
    }
    let wait = format!("{path}?after={}&wait=20", etag.trim_matches('"'));
    let records = format!("{path}/records");
    let news = async { tokio::join!(ada.get(&wait), ada.post(&records, json!({"stage": "architecture"}))) };
    let (news, record) = before_a_wait_ends(&ada, news).await;
    let _ = record.expect(201);
    assert_ne!(news.expect(200).etag(), etag);
    // What the caller does not know yet does not keep them waiting, however long they would.
    let news = ada.get(&format!("{path}?after={etag}&wait=20")).await.expect(200);
    assert_ne!(news.etag(), etag);
}

#[tokio::test]
async fn who_waits_in_vain_gets_the_same_again() {
    let ada = Person::register().await;
    let (path, etag) = new_run(&ada).await;
    let same = ada.get(&format!("{path}?after=W/{etag}&wait=1")).await.expect(200);
    assert_eq!(same.etag(), etag);
    let wait = ada.request("GET", &format!("{path}?after={etag}&wait=1")).header("if-none-match", &etag);
    let _ = Reply::to(wait).await.expect(304);
}

#[tokio::test]
async fn nothing_is_awaited_of_a_run_that_has_ended() {
    let ada = Person::register().await;
    let (path, _) = new_run(&ada).await;
    let failed = advance(&ada, &path, "failed").await;
    let path = format!("{path}?after={}&wait=20", failed.etag());
    let same = before_a_wait_ends(&ada, ada.get(&path)).await.expect(200);
    assert_eq!(same.json, failed.json);
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let (path, etag) = new_run(&ada).await;
    for path in [&path, &format!("/v1/runs/{}", Uuid::now_v7())] {
        let _ = bob.get(path).await.expect_problem(404, "not_found");
        let _ = bob.get(&format!("{path}?after={etag}&wait=20")).await.expect_problem(404, "not_found");
    }
    let _ = bob.get("/v1/runs/7").await.expect_problem(400, "malformed");
    let _ = Person::anonymous().get(&path).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_project_deleted_meanwhile_ends_the_wait() {
    let ada = Person::register().await;
    let run = ada.create_run().await;
    let wait = format!("/v1/runs/{}?after={}&wait=20", run.id(), run.etag());
    let project = run.json["project_id"].as_str().expect("an id");
    let (news, ()) = tokio::join!(ada.get(&wait), ada.make_project(project, "deleted"));
    let _ = news.expect_problem(404, "not_found");
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let ada = Person::register().await;
    let (path, _) = new_run(&ada).await;
    for (query, pointer) in [
        ("wait=21", "/query/wait"),
        ("wait=-1", "/query/wait"),
        ("wait=1.5", "/query/wait"),
        ("wait=", "/query/wait"),
        ("after=", "/query/after"),
        ("after=*", "/query/after"),
        ("after=99999999999999999999-0", "/query/after"),
        ("before=1", "/query/before"),
    ] {
        let reply = ada.get(&format!("{path}?{query}")).await.expect_problem(422, "invalid");
        assert_eq!(reply.pointers(), [pointer]);
    }
}
