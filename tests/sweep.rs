//! The sweep removes what nobody can reach any more, and never anything else, whenever it is killed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use harness::{
    Person, Reply, Value, database, json, pictures,
    server::{Apart, Server, bucket},
    together,
};
use shared::{
    bucket::{Bucket, PREFIXES},
    config::DatabaseConfig,
    sweep::{self, Report, Settings},
    text::Sha256,
};
use tokio_postgres::Client;
use uuid::Uuid;

/// An API with a database of its own, and the sweep beside it. The bucket is everyone's: each sweep keeps to its people.
struct World {
    server: Server,
    jobs: DatabaseConfig,
    behind: Client,
    bucket: Bucket,
}

impl World {
    async fn new() -> Self {
        let Apart { server, jobs, behind, bucket } = Apart::start().await;
        Self { server, jobs, behind, bucket }
    }

    async fn person(&self) -> Person {
        Person::register_at(&self.server.url).await
    }

    /// Settings that keep to these people's objects.
    fn settings(people: &[&Person]) -> Settings {
        let prefixes = people.iter().flat_map(|person| PREFIXES.map(|prefix| format!("{prefix}{}/", person.id())));
        Settings { prefixes: prefixes.collect(), ..Settings::default() }
    }

    /// Settings under which nothing that could be removed is kept a while longer.
    fn at_once(people: &[&Person]) -> Settings {
        let (trash, uploads, blobs) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        Settings {
            trash,
            uploads,
            blobs,
            objects: Duration::ZERO,
            multiparts: Duration::ZERO,
            batch: 3,
            ..Self::settings(people)
        }
    }

    async fn sweep(&self, settings: &Settings) -> Report {
        sweep::run(&self.jobs, &self.bucket, settings).await.expect("it sweeps")
    }

    async fn number(&self, query: &str) -> i64 {
        self.behind.query_one(query, &[]).await.expect("the query works").get(0)
    }

    /// The keys of people's objects in the bucket.
    async fn objects(&self, people: &[&Person]) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for prefix in Self::settings(people).prefixes {
            let mut after = String::new();
            loop {
                let page = self.bucket.client().list(&prefix, &after).await.expect("a listing");
                let Some(last) = page.last() else { break };
                after.clone_from(&last.key);
                keys.extend(page.into_iter().map(|object| object.key));
            }
        }
        keys
    }

    /// The keys that blobs name.
    async fn named(&self) -> BTreeSet<String> {
        let rows = self.behind.query("select storage_key from blobs where storage_key is not null", &[]).await;
        rows.expect("blobs").iter().map(|row| row.get(0)).collect()
    }

    /// Makes sure that the bucket has every blob's bytes, and the blobs are there that rows should refer to.
    async fn expect_whole(&self) {
        let select = "select sha256, storage_key from blobs where storage_key is not null";
        let rows = self.behind.query(select, &[]).await.expect("blobs");
        let client = self.bucket.client();
        for row in rows {
            let (sha256, key): (Sha256, String) = (row.get(0), row.get(1));
            assert_eq!(client.sha256(&key).await.expect("the bucket answers"), Some(sha256), "{key}");
        }
        let torn = "
            select count(*) from uploads where state = 'ready' and blob_id is null
            union all
            select count(*) from artifact_files left join blobs on blobs.id = blob_id where blobs.id is null";
        for row in self.behind.query(torn, &[]).await.expect("rows") {
            assert_eq!(row.get::<_, i64>(0), 0);
        }
    }
}

async fn upload(person: &Person, bytes: &[u8]) -> Reply {
    person.upload("artifact_file", "application/octet-stream", bytes).await
}

fn random_bytes() -> Vec<u8> {
    Uuid::new_v4().as_bytes().to_vec()
}

/// An artifact with a text and these uploaded bytes.
async fn artifact_of(person: &Person, upload: &Reply) -> Reply {
    let files = json!([
        {"path": "a.js", "content": format!("// {}\n", Uuid::new_v4())}, {"path": "b.bin", "sha256": upload.json["blob"]["sha256"]}
    ]);
    let body = json!({"title": "A clock", "visibility": "public", "version": {"files": files}});
    person.post("/v1/artifacts", body).await.expect(201)
}

#[tokio::test]
async fn the_trash_is_emptied_after_30_days_with_rows_and_bytes() {
    let world = World::new().await;
    let (ada, bob) = (world.person().await, world.person().await);
    let people = [&ada, &bob];
    let (kept, gone) = (upload(&ada, &random_bytes()).await, upload(&ada, &random_bytes()).await);
    let (forked, alone) = (artifact_of(&ada, &kept).await, artifact_of(&ada, &gone).await);
    let media = json!({"screenshot": ada.upload("screenshot", "image/png", &pictures::png(9, 9)).await.id()});
    let path = format!("/v1/artifacts/{}", alone.id());
    let _ = ada.send_with("PUT", &format!("{path}/media"), &[("if-match", "*")], media).await.expect(200);
    let _ = bob.put(&format!("{path}/like"), json!({})).await.expect(200);
    let _ = bob.post(&format!("{path}/comments"), json!({"body": "It ticks!"})).await.expect(201);
    let fork = bob.post(&format!("/v1/artifacts/{}/forks", forked.id()), json!({})).await.expect(201);
    for artifact in [&forked, &alone] {
        let _ = ada.delete(&format!("/v1/artifacts/{}", artifact.id())).await.expect(204);
    }
    // Two files; of the screenshot what was sent, what is shown, and a thumbnail in its one size.
    assert_eq!(world.objects(&people).await.len(), 5);

    let settings = World::settings(&people);
    assert_eq!(world.sweep(&settings).await, Report::default(), "thirty days are not over");
    let aged = "update artifacts set deleted_at = now() - interval '30 days 1 minute' where deleted_at is not null";
    world.behind.batch_execute(aged).await.expect("aged");
    world.behind.batch_execute("update uploads set expires_at = now() - interval '2 hours'").await.expect("aged");
    let first = world.sweep(&settings).await;
    assert_eq!((first.artifacts, first.uploads, first.blobs), (2, 3, 0));
    assert_eq!(first.blobs_marked, 3, "a text, a file, a screenshot; its thumbnail is still one of a picture");
    assert_eq!(world.sweep(&settings).await, Report::default(), "they stay for a day");
    let aged = "update blobs set unreferenced_since = unreferenced_since - interval '25 hours'";
    world.behind.batch_execute(aged).await.expect("aged");
    let second = world.sweep(&settings).await;
    assert_eq!((second.blobs, second.objects), (3, 0), "no object is a day old");
    let third = world.sweep(&Settings { objects: Duration::ZERO, ..settings.clone() }).await;
    assert_eq!(
        (third.objects, third.blobs_marked + second.blobs_marked),
        (3, 1),
        "the file, the screenshot, its source"
    );
    world.behind.batch_execute(aged).await.expect("aged");
    let fourth = world.sweep(&Settings { objects: Duration::ZERO, ..settings }).await;
    assert_eq!(fourth, Report { blobs: 1, objects: 1, ..Report::default() });

    assert_eq!(world.objects(&people).await, world.named().await);
    for table in ["artifact_likes", "artifact_comments", "artifact_media", "pictures", "uploads"] {
        assert_eq!(world.number(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
    let _ = ada.fetch(&gone.json["blob"]["url"]).await.expect(404);
    let files = bob.get(&format!("/v1/artifacts/{}/versions/1", fork.id())).await.expect(200).json["files"].clone();
    assert!(files[0]["content"].is_string());
    let _ = bob.fetch(&files[1]["url"]).await.expect(200);
    let lineage = bob.get(&format!("/v1/artifacts/{}/lineage", fork.id())).await.expect(200);
    assert_eq!((&lineage.json["items"][0]["depth"], &lineage.json["items"][0]["id"]), (&json!(1), &Value::Null));
}

/// What a picture was made of goes first; the picture and its thumbnails stay as long as anyone shows it.
#[tokio::test]
async fn pictures_stay_as_long_as_they_are_shown() {
    let world = World::new().await;
    let (ada, bob) = (world.person().await, world.person().await);
    let people = [&ada, &bob];
    let upload = ada.upload("screenshot", "image/jpeg", &pictures::jpeg(600, 400)).await.id();
    let artifact = format!("/v1/artifacts/{}", ada.create_artifact("public", "draw();\n").await.id());
    let media = json!({"screenshot": upload});
    let _ = ada.send_with("PUT", &format!("{artifact}/media"), &[("if-match", "*")], media).await.expect(200);
    let fork = bob.post(&format!("{artifact}/forks"), json!({})).await.expect(201);
    let _ = ada.put("/v1/profiles/me/avatar", json!({"upload": upload})).await.expect_problem(422, "invalid_reference");
    assert_eq!(world.objects(&people).await.len(), 4);
    world.behind.batch_execute("update uploads set expires_at = now() - interval '1 day'").await.expect("aged");
    let report = world.sweep(&World::at_once(&people)).await;
    assert_eq!((report.uploads, report.objects, report.blobs), (1, 1, 0));

    // The source is gone, the fork shows it, in every size.
    let _ = ada.delete(&artifact).await.expect(204);
    for _ in 0..3 {
        world.sweep(&World::at_once(&people)).await;
    }
    let shown = bob.get(&format!("/v1/artifacts/{}/media", fork.id())).await.expect(200);
    for (name, width) in [("screenshot", 600), ("thumb", 480), ("small", 160)] {
        let bytes = bob.fetch(&shown.json[name]["url"]).await.expect(200).bytes;
        assert_eq!(pictures::decode(&bytes).width(), width, "{name}");
    }
    let _ = bob.delete(&format!("/v1/artifacts/{}", fork.id())).await.expect(204);
    for _ in 0..3 {
        world.sweep(&World::at_once(&people)).await;
    }
    assert_eq!(world.number("select count(*) from blobs join pictures on blob_id = blobs.id").await, 0);
    assert!(!world.objects(&people).await.iter().any(|key| key.starts_with("images/")));
}

#[tokio::test]
async fn silent_runs_are_taken_for_failed() {
    let world = World::new().await;
    let ada = world.person().await;
    let runs = format!("/v1/projects/{}/runs", ada.create_project().await.id());
    let mut made = Vec::new();
    for minutes in [31.0, 45.0, 1_000.0, 29.0] {
        let run = ada.post(&runs, json!({"prompt": "A clock"})).await.expect(201).id();
        let silence = "update generation_runs set reported_at = now() - make_interval(secs => $2::float8 * 60) where id = $1::text::uuid";
        world.behind.execute(silence, &[&run, &minutes]).await.expect("it can be set back");
        made.push(format!("/v1/runs/{run}"));
    }
    let settings = Settings { batch: 2, runs_only: true, ..World::settings(&[&ada]) };
    let dry = world.sweep(&Settings { dry_run: true, ..settings.clone() }).await;
    assert_eq!(dry, Report { runs: 3, ..Report::default() });
    assert_eq!(ada.get(&made[0]).await.expect(200).json["status"], "pending");
    // Many may look at the same time, and while everything else is swept.
    let reports = futures_util::future::join_all((0..4).map(|_| world.sweep(&settings))).await;
    assert_eq!(reports.iter().map(|report| report.runs).sum::<i64>(), 3);
    for (path, status) in made.iter().zip(["failed", "failed", "failed", "pending"]) {
        assert_eq!(ada.get(path).await.expect(200).json["status"], status, "{path}");
    }
    // The whole sweep does so too.
    let all = "update generation_runs set reported_at = now() - interval '1 hour' where status = 'pending'";
    world.behind.batch_execute(all).await.expect("aged");
    let report = world.sweep(&World::settings(&[&ada])).await;
    assert_eq!(report, Report { runs: 1, ..Report::default() });
    let run = ada.get(&made[3]).await.expect(200).json;
    assert_eq!((&run["status"], &run["error"]), (&json!("failed"), &json!("The run stopped reporting.")));
}

#[tokio::test]
async fn abandoned_uploads_go_with_what_had_arrived() {
    let world = World::new().await;
    let ada = world.person().await;
    let people = [&ada];
    // One arrived and was never completed; of one in parts one arrived; one is still being sent.
    let arrived = ada.declare("file", "text/plain", &random_bytes()).await.expect(201);
    let large = vec![7; 17 * 1024 * 1024];
    let parted = ada.declare("file", "text/plain", &large).await.expect(201);
    let _ = ada.send_part(&parted.json["parts"][2], large[16 * 1024 * 1024..].to_vec()).await.expect(200);
    let bytes = random_bytes();
    let live = ada.declare("file", "text/plain", &bytes).await.expect(201);
    let _ = ada.send_part(&live.json["parts"][0], bytes.clone()).await.expect(200);
    let given_up = random_bytes();
    let orphan = ada.declare("file", "text/plain", &given_up).await.expect(201);
    let _ = ada.send_part(&orphan.json["parts"][0], given_up).await.expect(200);
    let _ = ada.delete(&format!("/v1/uploads/{}", orphan.id())).await.expect(204);
    let aged = "update uploads set expires_at = now() - interval '2 hours' where id = any ($1::text[]::uuid[])";
    world.behind.execute(aged, &[&vec![arrived.id(), parted.id()]]).await.expect("aged");

    let settings = Settings { objects: Duration::ZERO, ..World::settings(&people) };
    let prefix = format!("blobs/{}/", ada.id());
    assert_eq!(world.bucket.client().unfinished(&prefix).await.expect("a listing").len(), 1);
    let report = world.sweep(&settings).await;
    assert_eq!(report, Report { uploads: 2, objects: 1, ..Report::default() });
    assert_eq!(world.bucket.client().unfinished(&prefix).await.expect("a listing").len(), 0);
    // One of an upload that is no longer known, or never was.
    let key = format!("{prefix}{}", "0".repeat(64));
    let _ = world.bucket.client().begin_multipart(&key, "text/plain").await.expect("begun");
    assert_eq!(world.sweep(&settings).await, Report::default(), "it may be someone's for a week");
    let report = world.sweep(&Settings { multiparts: Duration::ZERO, ..settings }).await;
    assert_eq!(report, Report { multiparts: 1, ..Report::default() });
    let ready = ada.post(&format!("/v1/uploads/{}/complete", live.id()), json!({})).await.expect(200);
    assert_eq!(ada.fetch(&ready.json["blob"]["url"]).await.expect(200).bytes, bytes);
    let _ = ada.get(&format!("/v1/uploads/{}", arrived.id())).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn what_has_expired_goes_and_all_else_stays() {
    let world = World::new().await;
    let ada = world.person().await;
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(ada.sign_in().await);
    }
    for index in 0..4 {
        let key = format!("key-{index}");
        let _ = ada.post_with("/v1/chats", &[("idempotency-key", &key)], json!({})).await.expect(201);
    }
    let expired = "
        update sessions set expires_at = now() - interval '1 second' where id in (select id from sessions order by created_at desc limit 3);
        update idempotency_keys set created_at = now() - interval '25 hours'
        where key_hash in (select key_hash from idempotency_keys limit 3)";
    world.behind.batch_execute(expired).await.expect("aged");
    let settings = Settings { batch: 2, ..World::settings(&[&ada]) };
    let dry = world.sweep(&Settings { dry_run: true, ..settings.clone() }).await;
    assert_eq!(dry, Report { sessions: 3, idempotency_keys: 3, ..Report::default() });
    assert_eq!(world.sweep(&settings).await, dry);
    assert_eq!(world.number("select count(*) from sessions").await, 2);
    assert_eq!(world.number("select count(*) from idempotency_keys").await, 1);
    let _ = ada.get("/v1/users/me").await.expect(200);
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let world = World::new().await;
    let ada = world.person().await;
    let people = [&ada];
    let artifact = artifact_of(&ada, &upload(&ada, &random_bytes()).await).await;
    let _ = ada.delete(&format!("/v1/artifacts/{}", artifact.id())).await.expect(204);
    let _ = upload(&ada, &random_bytes()).await;
    world.behind.batch_execute("update uploads set expires_at = now() - interval '1 day'").await.expect("aged");
    let bytes = random_bytes();
    let key = Bucket::key(ada.id().parse().expect("an id"), &Sha256::of(&bytes), false);
    world.bucket.client().write(&key, "text/plain", bytes).await.expect("written");
    let rows = "select sum(n)::bigint from (
        select count(*) as n from artifacts union all select count(*) from uploads union all select count(*) from blobs
        union all select count(*) from sweep_places union all select count(unreferenced_since) from blobs) counts";
    let before = (world.number(rows).await, world.objects(&people).await);
    let dry = Settings { dry_run: true, ..World::at_once(&people) };
    let expected = Report { artifacts: 1, uploads: 2, objects: 1, ..Report::default() };
    for _ in 0..2 {
        assert_eq!(world.sweep(&dry).await, expected);
    }
    assert_eq!((world.number(rows).await, world.objects(&people).await), before);
}

/// The function is made of the catalogue; a table that comes later is covered, or stops the sweep.
#[tokio::test]
async fn every_foreign_key_to_blobs_keeps_its_blob() {
    let world = World::new().await;
    let condition: String =
        world.behind.query_one("select unreferenced_blobs()", &[]).await.expect("a condition").get(0);
    let columns = world
        .behind
        .query(
            "select distinct key_column_usage.table_name::text, key_column_usage.column_name::text
             from information_schema.referential_constraints
             join information_schema.key_column_usage using (constraint_schema, constraint_name)
             join information_schema.key_column_usage referred
                 on referred.constraint_name = referential_constraints.unique_constraint_name
                and referred.constraint_schema = referential_constraints.unique_constraint_schema
                and referred.ordinal_position = key_column_usage.position_in_unique_constraint
             where referred.table_name = 'blobs' and referred.column_name = 'id'",
            &[],
        )
        .await
        .expect("the catalogue");
    assert!(columns.len() >= 12, "{}", columns.len());
    for column in &columns {
        let (table, column): (&str, &str) = (column.get(0), column.get(1));
        // What is about a blob, and named by it, goes with it.
        let keeps = ![("pictures", "blob_id"), ("blob_words", "blob_id")].contains(&(table, column));
        assert_eq!(
            keeps,
            condition.contains(&format!("not exists (select from {table} referrer where referrer.{column} = blobs.id")),
            "{table}.{column}"
        );
    }

    let ada = world.person().await;
    let _ = upload(&ada, &random_bytes()).await;
    let referring = "
        create table later (blob_id uuid constraint later_blob_id_fkey references blobs (id) on delete set null);
        alter table later enable row level security;
        alter table later force row level security;
        insert into later select id from blobs;
        delete from uploads";
    world.behind.batch_execute(referring).await.expect("a table");
    let settings = World::at_once(&[&ada]);
    for mend in [
        "grant select on later to atelier_jobs",
        "create policy later_other on later to atelier_jobs using (blob_id is null)",
        "create policy later_jobs on later to atelier_jobs using (true)",
    ] {
        let error = sweep::run(&world.jobs, &world.bucket, &settings).await.expect_err(mend);
        assert!(format!("{error:?}").contains("later"), "{error:?}");
        world.behind.batch_execute(mend).await.expect("mended");
    }
    assert_eq!(world.sweep(&settings).await, Report::default());
    world.behind.batch_execute("delete from later").await.expect("no longer");
    let report = world.sweep(&settings).await;
    assert_eq!((report.blobs, report.objects), (1, 1));
}

#[tokio::test]
async fn a_blob_that_is_referred_to_again_is_unmarked() {
    let world = World::new().await;
    let ada = world.person().await;
    let uploaded = upload(&ada, &random_bytes()).await;
    world.behind.batch_execute("update uploads set expires_at = now() - interval '1 day'").await.expect("aged");
    let settings = World::settings(&[&ada]);
    assert_eq!(world.sweep(&settings).await.blobs_marked, 1);
    let aged = "update blobs set unreferenced_since = unreferenced_since - interval '25 hours'";
    world.behind.batch_execute(aged).await.expect("aged");
    let artifact = artifact_of(&ada, &uploaded).await;
    assert_eq!(world.sweep(&settings).await, Report::default());
    assert_eq!(world.number("select count(unreferenced_since) from blobs").await, 0);
    let files = ada.get(&format!("/v1/artifacts/{}/versions/1", artifact.id())).await.expect(200).json["files"].clone();
    let _ = ada.fetch(&files[1]["url"]).await.expect(200);
}

/// More objects than a page of the listing has, and a run that stops before it has begun goes on in the next.
#[tokio::test]
async fn every_page_is_seen() {
    let world = World::new().await;
    let ada = world.person().await;
    let people = [&ada];
    let user_id: Uuid = ada.id().parse().expect("an id");
    let bucket: &'static Bucket = Box::leak(Box::new(bucket()));
    together((0..21).map(|part: usize| async move {
        let client = bucket.client();
        for index in 0..50 {
            let bytes = format!("{part} {index}").into_bytes();
            let key = Bucket::key(user_id, &Sha256::of(&bytes), false);
            client.write(&key, "text/plain", bytes).await.expect("written");
        }
    }))
    .await;
    let foreign = format!("blobs/{user_id}/not-one-of-ours");
    world.bucket.client().write(&foreign, "text/plain", vec![1]).await.expect("written");
    let settings = World::at_once(&people);
    let report = world.sweep(&Settings { until: Some(Instant::now()), ..settings.clone() }).await;
    assert_eq!(report, Report { is_cut_short: true, ..Report::default() });
    assert_eq!(world.sweep(&settings).await, Report { objects: 1050, ..Report::default() });
    assert_eq!(world.objects(&people).await, BTreeSet::from([foreign]), "what is not ours stays");
}

/// The same bytes are declared, sent and used again and again while the sweep removes them as soon as it may.
#[tokio::test]
async fn bytes_that_come_again_while_they_are_removed_are_there() {
    let world = Arc::new(World::new().await);
    let ada = world.person().await;
    let picture = pictures::png(8, 8);
    let bytes = random_bytes();
    let done = Arc::new(AtomicBool::new(false));
    let sweeping = {
        let (world, done, settings) = (Arc::clone(&world), Arc::clone(&done), World::at_once(&[&ada]));
        tokio::spawn(async move {
            let mut removed = 0;
            while !done.load(Ordering::Relaxed) {
                removed += world.sweep(&settings).await.objects;
            }
            removed
        })
    };
    for round in 0..40 {
        let uploaded = try_upload(&ada, "artifact_file", &bytes).await.expect("no sweep was killed");
        let shown = try_upload(&ada, "avatar", &picture).await.expect("no sweep was killed");
        let _ = ada.put("/v1/profiles/me/avatar", json!({"upload": shown.id()})).await.expect(200);
        let artifact = artifact_of(&ada, &uploaded).await;
        let age = "update uploads set expires_at = now() - interval '1 day' where state = 'ready'";
        world.behind.batch_execute(age).await.expect("aged");
        let files =
            ada.get(&format!("/v1/artifacts/{}/versions/1", artifact.id())).await.expect(200).json["files"].clone();
        assert_eq!(ada.fetch(&files[1]["url"]).await.expect(200).bytes, bytes, "round {round}");
        let profile = ada.get("/v1/profiles/me").await.expect(200);
        assert_eq!(ada.fetch(&profile.json["avatar"]["url"]).await.expect(200).bytes, picture, "round {round}");
        let _ = ada.delete("/v1/profiles/me/avatar").await;
        let _ = ada.delete(&format!("/v1/artifacts/{}", artifact.id())).await.expect(204);
        if round % 3 == 0 {
            tokio::task::yield_now().await;
            let _ = world.number("select 1::bigint from pg_sleep(0.1)").await;
        }
    }
    done.store(true, Ordering::Relaxed);
    let mut removed = sweeping.await.expect("it sweeps");
    // However slow the machine: what was given up last is still to be removed, by a sweep that finds it and one that acts.
    for _ in 0..3 {
        removed += world.sweep(&World::at_once(&[&ada])).await.objects;
    }
    assert!(removed > 0, "nothing was ever removed");
}

/// Text that comes again in the moment in which the sweep removes it is stored anew, whatever it belongs to.
#[tokio::test]
async fn text_that_comes_again_while_it_is_removed_is_there() {
    let world = World::new().await;
    let ada = world.person().await;
    let text = format!("// {}\n", Uuid::new_v4());
    let prompt = format!("{}\n", Uuid::new_v4()).repeat(200);
    let artifact = json!({"title": "A clock", "version": {"files": [{"path": "a.js", "content": text}]}});
    let runs = format!("/v1/projects/{}/runs", ada.create_project().await.id());
    let run = json!({"prompt": prompt});
    let chat = ada.post("/v1/chats", json!({})).await.expect(201).id();
    let message = json!({"role": "assistant", "content": "Here"});
    let message = ada.post(&format!("/v1/chats/{chat}/messages"), message).await.expect(201).id();
    let made = json!({"payload": {"generatedFileMap": {"main.js": prompt.repeat(20)}}});
    for (method, path, body) in [
        ("POST", "/v1/artifacts".to_owned(), artifact),
        ("POST", runs, run),
        ("PUT", format!("/v1/messages/{message}/artifact"), made),
    ] {
        let first = ada.send_with(method, &path, &[("if-match", "*")], body.clone()).await;
        assert!(first.status < 300, "{path}: {}", first.json);
        let forget = "delete from artifacts; delete from generation_runs; delete from message_artifacts";
        world.behind.batch_execute(forget).await.expect("nothing refers to it");
        let sweeper = database::connect(&world.jobs.url).await;
        let hold = "begin; select id from blobs for update";
        sweeper.batch_execute(hold).await.expect("held");
        let again = {
            let (ada, path) = (ada.clone(), path.clone());
            tokio::spawn(async move { ada.send_with(method, &path, &[("if-match", "*")], body).await })
        };
        let waiting = "
            select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        while world.number(waiting).await == 0 {
            tokio::task::yield_now().await;
        }
        sweeper.batch_execute("delete from blobs; commit").await.expect("removed");
        let again = again.await.expect("it answers");
        assert!(again.status < 300, "{path}: {}", again.json);
        assert!(world.number("select count(*) from blobs").await > 0, "{path}");
        world.expect_whole().await;
    }
}

/// People do whatever they do, and the sweep is killed in the middle again and again.
#[tokio::test]
async fn nothing_that_is_referred_to_is_ever_removed() {
    let world = Arc::new(World::new().await);
    let mut people = Vec::new();
    for _ in 0..4 {
        people.push(world.person().await);
    }
    let all: Vec<&Person> = people.iter().collect();
    let settings = World::at_once(&all);
    let done = Arc::new(AtomicBool::new(false));
    let sweeping = {
        let (world, done, settings) = (Arc::clone(&world), Arc::clone(&done), settings.clone());
        tokio::spawn(async move {
            let mut killed = 0;
            while !done.load(Ordering::Relaxed) {
                let patience = Duration::from_millis(u64::from(Uuid::new_v4().as_bytes()[0]) * 2);
                match tokio::time::timeout(patience, sweep::run(&world.jobs, &world.bucket, &settings)).await {
                    Err(_) => killed += 1,
                    // The one that was killed before may still be letting go.
                    Ok(Err(error)) => assert!(error.to_string().contains("another sweep"), "{error:?}"),
                    Ok(Ok(_)) => {}
                }
                // What it was removing may be on its way for two minutes; here it has long arrived.
                world
                    .behind
                    .batch_execute("delete from sweep_removals where begun_at < now() - interval '1 second'")
                    .await
                    .expect("let go");
            }
            killed
        })
    };
    let pool: Vec<Vec<u8>> = (0..6).map(|_| random_bytes()).collect();
    together(people.iter().enumerate().map(|(index, person)| {
        let (world, person, pool, others) = (Arc::clone(&world), person.clone(), pool.clone(), people.clone());
        async move { live(&world, &person, &others, &pool, u64::try_from(index).expect("small") + 1).await }
    }))
    .await;
    done.store(true, Ordering::Relaxed);
    let killed = sweeping.await.expect("it sweeps");
    assert!(killed > 3, "it was killed {killed} times only");
    world.expect_whole().await;

    // Left alone, it comes to an end: then there is nothing but what is referred to.
    world
        .behind
        .batch_execute("update uploads set expires_at = now() - interval '1 day'; delete from sweep_removals")
        .await
        .expect("aged");
    while sweep::run(&world.jobs, &world.bucket, &settings).await.map_or(true, |report| report != Report::default()) {}
    world.expect_whole().await;
    assert_eq!(world.objects(&all).await, world.named().await);
    let unreferenced = format!(
        "select count(*) from blobs where {}",
        world.behind.query_one("select unreferenced_blobs()", &[]).await.expect("a condition").get::<_, String>(0)
    );
    assert_eq!(world.number(&unreferenced).await, 0);
    for person in &people {
        for artifact in person.walk("/v1/artifacts?owner=me").await {
            let path = format!("/v1/artifacts/{}/versions", artifact["id"].as_str().expect("an id"));
            for version in person.walk(&path).await {
                let version = person.get(&format!("{path}/{}", version["version_index"])).await.expect(200);
                for file in version.json["files"].as_array().expect("files") {
                    if file["content"].is_null() {
                        let bytes = person.fetch(&file["url"]).await.expect(200).bytes;
                        assert_eq!(Sha256::of(&bytes).to_string(), file["sha256"]);
                    }
                }
            }
        }
    }
}

/// A person's random doings, each of which must work, but that an upload may have to wait.
async fn live(world: &World, person: &Person, others: &[Person], pool: &[Vec<u8>], mut seed: u64) {
    let mut next = |bound: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).expect("fits") % bound
    };
    let mut mine: Vec<String> = Vec::new();
    let mut said: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for _ in 0..60 {
        match next(8) {
            0..=2 => {
                let bytes = &pool[next(pool.len())];
                let Some(uploaded) = try_upload(person, "attachment", bytes).await else { continue };
                let made = artifact_of(person, &uploaded).await.id();
                said.insert(made.clone(), bytes.clone());
                mine.push(made);
            }
            3 => {
                let other = &others[next(others.len())];
                let found = person.get(&format!("/v1/artifacts?owner={}&limit=5", other.handle())).await.expect(200);
                if let Some(source) = found.json["items"][0]["id"].as_str() {
                    let fork =
                        person.post(&format!("/v1/artifacts/{source}/forks"), json!({"visibility": "public"})).await;
                    assert!([201, 404].contains(&fork.status), "{}", fork.json);
                }
            }
            4 if !mine.is_empty() => {
                let gone = mine.swap_remove(next(mine.len()));
                let _ = person.delete(&format!("/v1/artifacts/{gone}")).await.expect(204);
                said.remove(&gone);
            }
            5 if !mine.is_empty() => {
                let artifact = &mine[next(mine.len())];
                let files = json!([{"path": "a.js", "content": format!("// {}\n", next(5))}]);
                let _ = person.publish_files(artifact, files).await;
            }
            6 => {
                let chat = person.post("/v1/chats", json!({})).await.expect(201).id();
                if let Some(uploaded) = try_upload(person, "attachment", &pool[next(pool.len())]).await {
                    let message = json!({"role": "user", "content": "See", "attachments": [uploaded.id()]});
                    let _ = person.post(&format!("/v1/chats/{chat}/messages"), message).await.expect(201);
                }
            }
            _ => {
                let age = "update uploads set expires_at = now() - interval '1 day' where user_id = $1::text::uuid and state = 'ready'";
                world.behind.execute(age, &[&person.id()]).await.expect("aged");
                for (artifact, bytes) in &said {
                    let file =
                        person.get(&format!("/v1/artifacts/{artifact}/versions/1/files/b.bin")).await.expect(200);
                    assert_eq!(&person.fetch(&file.json["url"]).await.expect(200).bytes, bytes);
                }
            }
        }
    }
}

/// An upload, unless a sweep has just been killed.
async fn try_upload(person: &Person, purpose: &str, bytes: &[u8]) -> Option<Reply> {
    let content_type = if purpose == "avatar" { "image/png" } else { "application/octet-stream" };
    let declared = person.declare(purpose, content_type, bytes).await;
    if declared.status == 503 {
        return None;
    }
    let declared = declared.expect(201);
    for part in declared.json["parts"].as_array().expect("parts") {
        // Where the bytes are still there, the bucket says so.
        let sent = person.send_part(part, bytes.to_vec()).await.status;
        assert!([200, 412].contains(&sent), "{sent}");
    }
    Some(person.post(&format!("/v1/uploads/{}/complete", declared.id()), json!({})).await.expect(200))
}

#[tokio::test]
async fn the_jobs_login_can_do_what_a_sweep_must_and_little_else() {
    let world = World::new().await;
    let jobs = database::connect(&world.jobs.url).await;
    for forbidden in [
        "insert into users (email) values ('a@example.com')",
        "update users set is_superuser = true",
        "select password_hash from users",
        "select view_key from shares",
        "update blobs set storage_key = 'x'",
        "update artifacts set visibility = 'public'",
        "insert into sessions (user_id, token_hash, expires_at) values (uuid_v7(), 'x', now())",
        "create table mine (id int)",
        "set role atelier_api",
        "set role atelier_system",
    ] {
        let error = jobs.batch_execute(forbidden).await.expect_err(forbidden);
        assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("42501"), "{forbidden}: {error}");
    }
    // Who serves requests is not who sees everything.
    let name = world.jobs.url.rsplit('/').next().expect("a database");
    let owner = database::config(database::url(Some("atelier_test_owner"), name));
    let functions = database::config(database::url(Some(database::LOGIN), name));
    assert!(shared::migrate::grant_jobs_login(&owner, &functions).await.is_err());
    assert!(shared::migrate::grant_login(&owner, &world.jobs).await.is_err());
    assert!(shared::migrate::grant_jobs_login(&owner, &owner).await.is_err());
}
