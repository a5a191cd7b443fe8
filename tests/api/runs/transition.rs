//! POST /v1/runs/{id}/transitions

use harness::{Person, Reply, Value, database, json, together};
use uuid::Uuid;

const STATUSES: [&str; 7] =
    ["pending", "requirements", "architecture", "implementer", "reviewer", "completed", "failed"];

/// What a run in this status may become.
fn allowed(from: usize) -> Vec<&'static str> {
    if from < 5 { vec![STATUSES[from + 1], "failed"] } else { Vec::new() }
}

async fn post(person: &Person, run: &str, body: Value) -> Reply {
    person.post(&format!("/v1/runs/{run}/transitions"), body).await
}

/// A run in this status.
async fn run_in(person: &Person, runs: &str, status: usize) -> String {
    let run = person.post(runs, json!({"prompt": "A clock"})).await.expect(201).id();
    let way = if status == 6 { &STATUSES[6..] } else { &STATUSES[1..=status] };
    for to in way {
        let _ = post(person, &run, json!({ "to": to })).await.expect(200);
    }
    run
}

#[tokio::test]
async fn every_pair_is_allowed_or_told_what_is() {
    let ada = Person::register().await;
    let runs = format!("/v1/projects/{}/runs", ada.create_project().await.id());
    for (index, from) in STATUSES.into_iter().enumerate() {
        for to in STATUSES {
            let run = run_in(&ada, &runs, index).await;
            let allowed = allowed(index);
            let reply = post(&ada, &run, json!({ "to": to })).await;
            if allowed.contains(&to) {
                assert_eq!(reply.expect(200).json["status"], to, "{from} to {to}");
                continue;
            }
            let reply = reply.expect_problem(409, "conflict");
            assert_eq!(reply.pointers(), ["/to"]);
            let detail = reply.json["detail"].as_str().expect("a detail");
            let error = reply.json["errors"][0]["detail"].as_str().expect("a detail");
            for status in STATUSES {
                let is_named = allowed.contains(&status) || (status == from);
                assert_eq!(detail.contains(status), is_named, "{from} to {to}: {detail}");
                assert_eq!(error.contains(status), allowed.contains(&status), "{from} to {to}: {error}");
            }
            assert_eq!(ada.get(&format!("/v1/runs/{run}")).await.expect(200).json["status"], from);
        }
    }
}

#[tokio::test]
async fn each_stage_has_its_time() {
    let ada = Person::register().await;
    let made = ada.create_run().await;
    let mut last = made.json.clone();
    for (to, field) in [
        ("requirements", "requirements_at"),
        ("architecture", "architecture_at"),
        ("implementer", "implementer_at"),
        ("reviewer", "reviewer_at"),
        ("completed", "finished_at"),
    ] {
        let moved = post(&ada, &made.id(), json!({ "to": to })).await.expect(200);
        let mut expected = last.clone();
        assert_eq!(last[field], Value::Null, "{field}");
        assert!(moved.json["reported_at"].as_str() > last["reported_at"].as_str());
        for changed in ["reported_at", "updated_at", field] {
            assert_eq!(moved.json[changed], moved.json["reported_at"], "{changed}");
            expected[changed] = moved.json[changed].clone();
        }
        expected["status"] = json!(to);
        assert_eq!(moved.json, expected);
        let read = ada.get(&format!("/v1/runs/{}", made.id())).await.expect(200);
        assert_eq!((&read.json, read.etag()), (&moved.json, moved.etag()));
        last = moved.json;
    }
}

#[tokio::test]
async fn a_failure_says_why() {
    let ada = Person::register().await;
    let run = ada.create_run().await.id();
    let wrong = json!({"to": "requirements", "error": "Out of memory."});
    assert_eq!(post(&ada, &run, wrong).await.expect_problem(422, "invalid").pointers(), ["/error"]);
    let failed = post(&ada, &run, json!({"to": "failed", "error": "Out of memory."})).await.expect(200);
    assert_eq!((&failed.json["error"], &failed.json["requirements_at"]), (&json!("Out of memory."), &Value::Null));
    assert!(failed.json["finished_at"].is_string());
    let silent = ada.create_run().await.id();
    assert_eq!(post(&ada, &silent, json!({"to": "failed"})).await.expect(200).json["error"], Value::Null);
}

#[tokio::test]
async fn of_many_at_once_one_moves_it() {
    let ada = Person::register().await;
    let run = ada.create_run().await.id();
    let replies = together((0..20).map(|_| {
        let (ada, run) = (ada.clone(), run.clone());
        async move { post(&ada, &run, json!({"to": "requirements"})).await }
    }))
    .await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    for reply in replies.into_iter().filter(|reply| reply.status != 200) {
        let detail = reply.expect_problem(409, "conflict").json["detail"].to_string();
        assert!(detail.contains("architecture"), "{detail}");
    }
}

#[tokio::test]
async fn a_long_prompt_comes_along() {
    let ada = Person::register().await;
    let runs = format!("/v1/projects/{}/runs", ada.create_project().await.id());
    let prompt = Uuid::new_v4().to_string().repeat(200);
    let run = ada.post(&runs, json!({"prompt": prompt})).await.expect(201).id();
    let moved = post(&ada, &run, json!({"to": "requirements"})).await.expect(200);
    assert_eq!(moved.json["whole_prompt"], prompt);
}

#[tokio::test]
async fn an_archived_projects_runs_stay() {
    let ada = Person::register().await;
    let run = ada.create_run().await;
    ada.make_project(run.json["project_id"].as_str().expect("an id"), "archived").await;
    let _ = post(&ada, &run.id(), json!({"to": "requirements"})).await.expect_problem(409, "archived");
    assert_eq!(ada.get(&format!("/v1/runs/{}", run.id())).await.expect(200).json, run.json);
}

#[tokio::test]
async fn someone_elses_is_not_found() {
    let (ada, bob) = (Person::register().await, Person::register().await);
    let run = ada.create_run().await;
    for id in [run.id(), Uuid::now_v7().to_string()] {
        for to in ["requirements", "completed", "failed"] {
            let _ = post(&bob, &id, json!({ "to": to })).await.expect_problem(404, "not_found");
        }
    }
    let _ = post(&bob, "7", json!({"to": "failed"})).await.expect_problem(400, "malformed");
    assert_eq!(ada.get(&format!("/v1/runs/{}", run.id())).await.expect(200).etag(), run.etag());
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let ada = Person::register().await;
    let run = ada.create_run().await;
    let path = format!("/v1/runs/{}/transitions", run.id());
    let whole = json!({"to": "failed"});
    ada.expect_strict("POST", &path, whole.clone()).await;
    let wrong = [
        ("/to", Value::Null),
        ("/to", json!("")),
        ("/to", json!("done")),
        ("/to", json!(1)),
        ("/error", json!("")),
        ("/error", json!("a\u{0}")),
        ("/error", json!("x".repeat(2001))),
        ("/from", json!("pending")),
    ];
    ada.expect_invalid("POST", &path, &whole, &wrong).await;
    let _ = ada.post(&path, json!({})).await.expect_problem(422, "invalid");
    assert_eq!(ada.get(&format!("/v1/runs/{}", run.id())).await.expect(200).etag(), run.etag());
}

/// What a scheduled job does with runs that nobody hears of, as the role that it has.
#[tokio::test]
async fn silent_runs_are_taken_for_failed() {
    let ada = Person::register().await;
    let runs = format!("/v1/projects/{}/runs", ada.create_project().await.id());
    let behind = database::behind().await;
    let mut made = Vec::new();
    for (status, minutes) in [(0, 60), (3, 50), (4, 40), (1, 29), (5, 60), (6, 60)] {
        let run = run_in(&ada, &runs, status).await;
        let silence =
            "update generation_runs set reported_at = now() - make_interval(mins => $2) where id = $1::text::uuid";
        behind.execute(silence, &[&run, &minutes]).await.expect("it can be set back");
        made.push(run);
    }
    let before = ada.walk(&runs).await;
    let fail = "select fail_silent_runs('30 minutes', $1)";
    behind.batch_execute("set role atelier_jobs").await.expect("a superuser may");
    let mut failed = Vec::new();
    for _ in 0..3 {
        failed.push(behind.query_one(fail, &[&2]).await.expect("the job may").get::<_, i64>(0));
    }
    assert_eq!(failed, [2, 1, 0]);
    behind.batch_execute("set role atelier_api").await.expect("a superuser may");
    assert!(behind.query_one(fail, &[&2]).await.is_err(), "the functions may not");
    for (run, before) in made.iter().rev().zip(&before).take(3) {
        assert_eq!(ada.get(&format!("/v1/runs/{run}")).await.expect(200).json, *before);
    }
    for run in &made[..3] {
        let run = ada.get(&format!("/v1/runs/{run}")).await.expect(200).json;
        assert_eq!((&run["status"], &run["error"]), (&json!("failed"), &json!("The run stopped reporting.")));
        assert_eq!(run["finished_at"], run["updated_at"]);
    }
}
